//! The channel's word that a person pays without a password: `rcvFlag` "2" (section 5 of the reading).

use std::time::Duration;

use yanmi_simulator::institution::Called;
use yanmi_simulator::world::Channel;

use crate::party::Mood;
use crate::site::Site;

const SAYS_SO: &str = "{\"rcvFlag\":\"2\"}";

/// The app of the world for which such words are registered, up to 200 yuan and 500 a day.
fn believed(site: &Site) -> Channel {
    site.world().channels.iter().find(|channel| channel.word_limits.is_some()).expect("one").clone()
}

fn failed_because(called: &Called) -> bool {
    called.code() == 500_319 && called.answer.message.ends_with("未登记此项或金额超出登记的限额")
}

#[tokio::test]
async fn a_channels_word_is_taken_within_its_limits_and_stays_taken() {
    let site = Site::start().await;
    let channel = believed(&site);
    let app = site.scripted(&channel).await;
    app.will([Mood::Free(SAYS_SO), Mood::Free("{\"rcvFlag\":2}")]);
    let token = site.token_in(&channel).await;
    assert_eq!(site.notify(token, Some("200")).await.code(), 500_320);
    assert_eq!(site.status(token).await.code(), 500_320);
    assert_eq!(site.notify(token, Some("200")).await.code(), 500_320, "known: nobody is asked again");
    assert_eq!(app.notices().len(), 1);
    let site = site.restart().await;
    site.hands.forward(Duration::from_hours(23));
    assert_eq!(site.status(token).await.code(), 500_320, "for the life of the token");
    let another = site.token_in(&channel).await;
    assert_eq!(site.notify(another, Some("1")).await.code(), 500_320, "a number is as good as a text");
    let recorded = "SELECT count(*) FROM audit WHERE event = 'free-on-word' AND amount = 20000";
    assert_eq!(site.number(recorded).await, 4, "each call that let somebody settle");
    assert_eq!(site.number("SELECT count(*) FROM verifications WHERE state = 'verified'").await, 0);
}

#[tokio::test]
async fn a_word_that_is_not_registered_or_too_large_is_a_failed_notice() {
    let site = Site::start().await;
    let channel = believed(&site);
    let app = site.scripted(&channel).await;
    let token = site.token_in(&channel).await;
    for amount in [Some("200.01"), None] {
        app.will([Mood::Free(SAYS_SO)]);
        assert!(failed_because(&site.notify(token, amount).await), "{amount:?}");
        assert_eq!(site.check_stas(token).await, "0");
    }
    for amount in ["200", "200", "100"] {
        app.will([Mood::Free(SAYS_SO)]);
        let next = site.token_in(&channel).await;
        assert_eq!(site.notify(next, Some(amount)).await.code(), 500_320);
    }
    app.will([Mood::Free(SAYS_SO)]);
    let next = site.token_in(&channel).await;
    assert!(failed_because(&site.notify(next, Some("0.01")).await), "the day is used up");
    app.will([Mood::Free(SAYS_SO)]);
    let other = site.token_of(&site.world().persons[1].clone(), &channel).await;
    assert_eq!(
        site.notify(other, Some("200")).await.code(),
        500_320,
        "another person has a day of their own"
    );
    let stranger = site.channel().clone();
    let app = site.scripted(&stranger).await;
    app.will([Mood::Free(SAYS_SO)]);
    let token = site.token_in(&stranger).await;
    assert!(failed_because(&site.notify(token, Some("1")).await), "not registered");
    assert_eq!(site.check_stas(token).await, "0");
    assert_eq!(site.notify(token, Some("1")).await.code(), 0, "and may be tried again");
}
