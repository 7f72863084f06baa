//! How long things count and how often people may be asked (V7, V8), by the center's clock and over restarts.

use std::time::Duration;

use yanmi_protocol::message::national::Credential;
use yanmi_protocol::{Code, EcToken};

use crate::plan::credential;
use crate::site::Site;

const MILLI: Duration = Duration::from_millis(1);

fn nearly(span: Duration) -> Duration {
    span.saturating_sub(MILLI)
}

#[tokio::test]
async fn a_token_counts_for_its_life_after_it_was_decoded() {
    let site = Site::start().await;
    let [asked, confirmed] = [site.token().await, site.token().await];
    let codes = async || [site.status(asked).await.code(), site.notify(asked, None).await.code()];
    site.hands.forward(nearly(site.config.policy.token_life));
    assert_eq!(codes().await, [0, 0]);
    assert_eq!(site.notify(confirmed, None).await.code(), 0);
    let number = site.newest_notice().await;
    site.act(&number, "confirm", "03").await;
    assert_eq!(site.check_stas(confirmed).await, "1");
    site.hands.forward(MILLI);
    assert_eq!(codes().await, [500_001, 500_001]);
    assert_eq!(site.status(confirmed).await.code(), 500_001, "a confirmation does not outlive its token");
    let site = site.restart().await;
    assert_eq!(site.status(asked).await.code(), 500_001);
}

#[tokio::test]
async fn two_notices_of_a_verification_are_an_interval_apart() {
    let site = Site::start().await;
    let token = site.token().await;
    for amount in [None, None, Some("10"), Some("11")] {
        assert_eq!(site.notify(token, amount).await.code(), 0);
        site.hands.forward(nearly(site.config.policy.notice_interval));
        assert_eq!(site.notify(token, amount).await.code(), 500_084);
        site.hands.forward(MILLI);
    }
}

#[tokio::test]
async fn a_verification_has_ten_notices_and_not_one_more_after_a_restart() {
    let mut site = Site::start().await;
    let token = site.token().await;
    for notices in 0..13 {
        let code = if notices < 10 { 0 } else { 500_084 };
        assert_eq!(site.notify(token, Some("10")).await.code(), code, "{notices}");
        site.hands.forward(Duration::from_mins(6));
        if notices % 5 == 4 {
            site = site.restart().await;
        }
    }
    assert_eq!(
        site.notify(site.token().await, None).await.code(),
        0,
        "another token is another verification"
    );
}

/// How many of these are notified when all are asked for at the same moment.
async fn notified(site: &Site, tokens: &[EcToken]) -> usize {
    let asking: Vec<_> = tokens.iter().map(|token| site.asking(*token, Some("10"))).collect();
    let mut notified = 0;
    for asking in asking {
        let code = asking.await.expect("no panic").code();
        assert!(matches!(code, 0 | 500_084), "{code}");
        notified += usize::from(code == 0);
    }
    notified
}

type Spoil = fn(&mut Credential);

#[tokio::test]
async fn who_has_put_the_credential_in_order_need_not_show_another_code() {
    let (site, national) = Site::with_national(|_| {}).await;
    let in_order = Credential { channel: site.channel().chnl_id, ..credential("T", "P", "P") };
    let faults: [(Spoil, i64); 4] = [
        (|c| c.active = false, 500_002),
        (|c| c.user_name = None, 500_050),
        (|c| c.insured_place = None, 500_054),
        (|c| c.authorized = false, 500_003),
    ];
    for (number, (spoil, code)) in faults.into_iter().enumerate() {
        let token = EcToken::new(&format!("T{number}")).expect("a token");
        let mut spoiled = Credential { token, ..in_order.clone() };
        spoil(&mut spoiled);
        national.tell(token.as_str(), Ok(spoiled));
        for _ in 0..2 {
            assert_eq!(site.notify(token, None).await.code(), code);
        }
        national.tell(token.as_str(), Err(Code::Unknown));
        assert_eq!(site.notify(token, None).await.code(), code, "no news: what was known stands");
        national.tell(token.as_str(), Ok(Credential { token, ..in_order.clone() }));
        assert_eq!(site.notify(token, None).await.code(), 0, "after {code}");
    }
}

#[tokio::test]
async fn a_person_is_asked_twenty_times_an_hour_however_many_ask_at_once() {
    let (site, national) = Site::with_national(|_| {}).await;
    let channel = site.channel().chnl_id;
    let fresh = |from: u32| -> Vec<EcToken> {
        (from..from + 30).map(|number| national.issue_to("P", channel, number)).collect()
    };
    // Tokens the center does not know yet, then the same and others.
    let tokens = fresh(0);
    assert_eq!(notified(&site, &tokens).await, 20);
    let site = site.restart().await;
    site.hands.forward(Duration::from_mins(1));
    assert_eq!(notified(&site, &tokens).await + notified(&site, &fresh(30)).await, 0);
    let other = national.issue_to("Q", channel, 99);
    assert_eq!(notified(&site, &[other]).await, 1, "another person");
    site.hands.forward(Duration::from_mins(65));
    assert_eq!(notified(&site, &fresh(60)).await, 20);
}
