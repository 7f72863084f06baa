//! Whoever guesses has as many addresses as they like: a password's tries are the person's.

use std::net::Ipv4Addr;

use tokio::task::JoinSet;

use super::{Phone, asked, events, hidden, set, title, token};

/// Visits of one person that are open at once.
const VISITS: u32 = 10;
/// Guesses on each of their pages.
const GUESSES: u32 = 1_000;

/// Of the sixteen million addresses a machine has for itself, another one for each guess.
fn address(guess: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 1).to_bits() + guess)
}

#[tokio::test]
async fn ten_thousand_guesses_from_as_many_addresses_are_five() {
    let (site, national, app) = set(|config| config.policy.notices_per_person_hour = 1_000).await;
    let mut pages = Vec::new();
    for number in 1..=VISITS {
        let link = asked(&site, &app, token(&site, &national, number)).await;
        let mut phone = Phone::at(&site);
        let page = phone.get(&link).await;
        pages.push((phone, link, hidden(&page, "t")));
    }
    let mut guesses = JoinSet::new();
    for (place, (mut phone, link, form)) in (0..).zip(pages) {
        guesses.spawn(async move {
            for guess in 0..GUESSES {
                // Every count a form could have been made at.
                let (count, password) = (guess % 6, 200_000 + guess);
                phone.source = Some(address(place * GUESSES + guess).into());
                let answer = phone.post(&link, &format!("t={form}&n={count}&p={password}&do=password")).await;
                assert_eq!(answer.status, 303, "{answer:?}");
            }
        });
    }
    guesses.join_all().await;
    assert_eq!(national.passwords_asked(), 5, "the tries of one person");
    let locked = site.number("SELECT count(*) FROM audit WHERE event = 'password-locked'").await;
    assert!(locked >= 1, "{}", events(&site).await);
    assert_eq!(site.number("SELECT count(*) FROM verifications WHERE state = 'verified'").await, 0);
}

#[tokio::test]
async fn who_guesses_links_is_stopped_by_address_and_nobody_else() {
    const EACH: u32 = 3;
    let (site, national, app) = set(|config| config.limits.failed_openings_per_minute = EACH).await;
    let link = asked(&site, &app, token(&site, &national, 1)).await;
    let mut stranger = Phone::at(&site);
    for number in 0..20 {
        stranger.source = Some(address(number).into());
        for guess in 0..=EACH {
            let said = if guess < EACH { (404, "链接不对") } else { (429, "打开得太频繁") };
            let page = stranger.get("/p/guess").await;
            assert_eq!((page.status, title(&page)), said, "{number} {guess}");
        }
    }
    stranger.source = Some(address(20).into());
    assert_eq!(title(&stranger.get(&link).await), "请您确认", "whoever has a link is served");
    assert_eq!(events(&site).await.matches("link-unknown").count(), 60, "the audit has them");
}
