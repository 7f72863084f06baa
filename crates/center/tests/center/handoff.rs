//! The person shows the code of another app (1.4.4(5)E): the prompt in the first app goes, and one visit has one prompt.

use std::time::Duration;

use serde_json::{Value, json};
use yanmi_protocol::EcToken;
use yanmi_protocol::message::channel_notice::Kind;
use yanmi_protocol::message::{notify, pending, status};

use crate::site::{AMPLE, HOSPITAL, Site, eventually};

/// Between two notices.
const SOON: Duration = Duration::from_secs(3);

/// A token in the app at this place of the world.
async fn shown_in(site: &Site, app: usize) -> EcToken {
    site.token_in(&site.world().channels[app].clone()).await
}

async fn notified(site: &Site, token: EcToken) -> String {
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let numbers = site.number("SELECT max(notice) FROM verifications").await;
    numbers.to_string()
}

async fn accepted(site: &Site, number: &str) -> Value {
    let answer = site.act(number, "confirm", "03").await;
    if answer["code"] == 0 { answer["data"]["acptFlag"].clone() } else { answer["code"].clone() }
}

/// Returns when the notice stands so on the phone.
async fn on_the_phone(site: &Site, number: &str, state: &str) {
    eventually(async || site.phone().await.iter().any(|n| n["notcNo"] == number && n["state"] == state))
        .await;
}

#[tokio::test]
async fn another_app_is_asked_and_the_first_one_is_told() {
    let site = Site::start().await;
    let (first, second) = (shown_in(&site, 0).await, shown_in(&site, 3).await);
    let old = notified(&site, first).await;
    let site = site.restart().await;
    let new = notified(&site, second).await;
    on_the_phone(&site, &old, "withdrawn").await;
    on_the_phone(&site, &new, "pending").await;
    let index = json!({ "ecIndexNo": site.person().ec_index_no.as_str() }).to_string();
    for (app, number, sees) in [(0, &old, false), (3, &new, true)] {
        let called =
            site.app_of(&site.world().channels[app].clone()).call(pending::PATH, index.clone()).await;
        let plain = called.expect("an answer").plain.expect("a message");
        assert_eq!(plain.as_str().contains(number.as_str()), sees, "{app}");
    }
    assert_eq!(accepted(&site, &old).await, 500_014);
    assert_eq!(accepted(&site, &new).await, "1");
    assert_eq!([site.check_stas(first).await, site.check_stas(second).await], ["0", "1"]);
    // One history: each event names the notice of the other.
    let linked = "SELECT string_agg(event || ' ' || notice || ' ' || detail, ', ') FROM (SELECT * FROM audit \
        WHERE event IN ('handed-over', 'took-over') ORDER BY id) AS events";
    let expected = format!("handed-over {old} {new}, took-over {new} {old}");
    assert_eq!(site.text(linked).await, expected);
}

#[tokio::test]
async fn whoever_waits_for_the_first_app_hears_of_it() {
    let site = Site::start().await;
    let (first, second) = (shown_in(&site, 0).await, shown_in(&site, 3).await);
    notified(&site, first).await;
    let institution = site.institution();
    let message =
        json!({ "token": first.as_str(), "orgCodg": HOSPITAL, "ext": "1", "waitSeconds": 30 }).to_string();
    let waiting =
        tokio::spawn(async move { institution.call(status::PATH, message).await.expect("an answer") });
    eventually(async || site.metric("yanmi_held_queries").await == 1).await;
    site.status(first).await;
    notified(&site, second).await;
    let told = tokio::time::timeout(AMPLE, waiting).await.expect("woken").expect("no panic");
    assert_eq!(told.member("checkStas").as_deref(), Some("0"));
    assert_eq!(told.member("stage").as_deref(), Some("expired"));
}

#[tokio::test]
async fn the_person_may_go_back_to_the_first_app() {
    let site = Site::start().await;
    let (first, second) = (shown_in(&site, 0).await, shown_in(&site, 3).await);
    let numbers = [notified(&site, first).await, notified(&site, second).await];
    site.hands.forward(SOON);
    let back = notified(&site, first).await;
    on_the_phone(&site, &numbers[1], "withdrawn").await;
    for number in &numbers {
        assert_eq!(accepted(&site, number).await, 500_014);
    }
    assert_eq!(accepted(&site, &back).await, "1");
    assert_eq!(site.check_stas(first).await, "1");
    assert_eq!(site.number("SELECT max(attempt) FROM verifications").await, 2);
}

#[tokio::test]
async fn what_was_answered_and_what_others_asked_for_stays() {
    let site = Site::start().await;
    let (first, second, third) =
        (shown_in(&site, 0).await, shown_in(&site, 3).await, shown_in(&site, 0).await);
    let confirmed = notified(&site, first).await;
    assert_eq!(accepted(&site, &confirmed).await, "1");
    let (token, org_code) = (second.as_str(), "P35010000001");
    let draft = notify::Draft { token, org_code, org_name: "福州示范大药房", amount: None };
    assert_eq!(site.institution().notify(&draft).await.expect("an answer").code(), 0);
    let elsewhere = site.newest_notice().await;
    let new = notified(&site, third).await;
    assert_eq!(site.check_stas(first).await, "1", "what was confirmed");
    assert_eq!(accepted(&site, &elsewhere).await, "1", "what another institution asked for");
    assert_eq!(accepted(&site, &new).await, "1");
    assert_eq!(site.number("SELECT count(*) FROM audit WHERE event = 'handed-over'").await, 0);
}

#[tokio::test]
async fn a_token_the_center_has_to_ask_about_takes_over_too() {
    let (site, national) = Site::with_national(|_| {}).await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let tokens = [1, 2].map(|number| national.issue_to("P1", channel.chnl_id, number));
    for token in tokens {
        assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    }
    app.until(3).await;
    let withdrawn: Vec<_> = app.notices().into_iter().filter(|n| n.kind == Kind::Withdrawal).collect();
    let [withdrawal] = &withdrawn[..] else { panic!("{withdrawn:?}") };
    assert_eq!((withdrawal.token, withdrawal.number), (tokens[0], app.notices()[0].number));
    assert_eq!(withdrawal.sequence, app.notices()[0].sequence, "it beats the notice it takes away");
    let open = "SELECT count(*) FROM verifications WHERE expires_at > 1763869440000";
    assert_eq!(site.number(open).await, 1);
}
