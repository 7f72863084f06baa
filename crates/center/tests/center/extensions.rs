//! What an institution may ask for beyond the specification (section 6 of the reading): where a verification stands,
//! and an answer that waits until that changes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use yanmi_protocol::EcToken;
use yanmi_protocol::message::status;
use yanmi_simulator::institution::Called;

use crate::party::{Mood, gate};
use crate::site::{AMPLE, HOSPITAL, START, Site, eventually};
use crate::wire::Wire;

const MINUTE: i64 = 60 * 1_000;

/// Asks with these members beside token and institution.
async fn ask(site: &Site, token: EcToken, more: Value) -> Called {
    let mut message = json!({ "token": token.as_str(), "orgCodg": HOSPITAL });
    for (name, value) in more.as_object().expect("an object") {
        message[name] = value.clone();
    }
    site.institution().call(status::PATH, message.to_string()).await.expect("an answer")
}

/// The opened answer to a query that asks for more.
async fn extended(site: &Site, token: EcToken) -> Value {
    plain(&ask(site, token, json!({ "ext": "1" })).await)
}

fn plain(called: &Called) -> Value {
    assert_eq!(called.code(), 0, "{called:?}");
    serde_json::from_str(called.plain.as_ref().expect("a message").as_str()).expect("JSON")
}

fn names(plain: &Value) -> Vec<&str> {
    plain.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_strict_client_never_sees_an_unknown_member() {
    let site = Site::start().await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    // Neither "0" nor a wait without "1" asks for anything.
    for more in [json!({}), json!({ "ext": "0" }), json!({ "ext": "" }), json!({ "waitSeconds": 30 })] {
        let answer = plain(&ask(&site, token, more.clone()).await);
        assert_eq!(names(&answer), ["checkStas", "resBizNo"], "{more}");
    }
    for wait in [json!(0), json!(31), json!(-1), json!(1.5), json!("soon"), json!([1])] {
        let refused = ask(&site, token, json!({ "ext": "1", "waitSeconds": wait })).await;
        assert_eq!(refused.code(), -2, "{wait}");
        assert!(refused.answer.message.contains("waitSeconds"), "{refused:?}");
    }
    assert_eq!(site.metric("yanmi_held_queries").await, 0);
}

/// Brings a fresh verification about and does this to its notice.
async fn acted(site: &Site, action: &str, way: &str) -> EcToken {
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    let answer = site.act(&number, action, way).await;
    assert_eq!(answer["code"], 0, "{answer}");
    token
}

/// Checks the words of a verification that was never confirmed.
async fn stands(site: &Site, token: EcToken, stage: &str, advice: &str) {
    let answer = extended(site, token).await;
    assert_eq!(answer["stage"], stage, "{answer}");
    assert_eq!(answer["checkStas"], "0", "{answer}");
    assert!(answer["nextStep"].as_str().expect("a text").contains(advice), "{answer}");
    assert_ne!(answer["stageDesc"], "");
    let always = ["checkStas", "nextStep", "resBizNo", "stage", "stageDesc"];
    // Until when the person can answer.
    let open = ["asked", "notified"].contains(&stage).then_some("validUntil");
    let expected: Vec<&str> = always.into_iter().chain(open).collect();
    assert_eq!(names(&answer), expected);
}

#[tokio::test]
async fn every_stage_is_told_with_what_to_do_next() {
    let site = Site::start().await;
    stands(&site, site.token().await, "none", "发起").await;
    stands(&site, acted(&site, "cancel", "01").await, "cancelled", "重新发起").await;
    stands(&site, acted(&site, "notMe", "01").await, "notMe", "不得结算").await;
    site.hands.forward(site.config.policy.quiet);
    stands(&site, acted(&site, "wrongPassword", "03").await, "failed", "重新发起").await;
    let token = acted(&site, "wrongPassword", "01").await;
    stands(&site, token, "notified", "消息中心").await;
    let number = site.newest_notice().await;
    for left in ["3", "2", "1", "0"] {
        assert_eq!(site.act(&number, "wrongPassword", "01").await["data"]["leftCnt"], left);
    }
    stands(&site, token, "wrongPassword", "人脸").await;
    let moody = site.world().channels[3].clone();
    site.mood(&moody, "refuse", 0).await;
    let token = site.token_in(&moody).await;
    assert_eq!(site.notify(token, None).await.code(), 500_319);
    stands(&site, token, "undelivered", "换一个渠道").await;
    site.mood(&moody, "ok", 0).await;
    assert_eq!(site.notify(token, None).await.code(), 0);
    site.hands.forward(Duration::from_mins(5));
    stands(&site, token, "expired", "重新发起").await;
}

#[tokio::test]
async fn a_confirmation_is_told_with_way_time_amount_and_end() {
    let site = Site::start().await;
    for (way, at) in [("01", 0), ("02", 1), ("03", 2)] {
        let token = acted(&site, "confirm", way).await;
        let answer = extended(&site, token).await;
        let (now, until) = (START + at * MINUTE, START + (at + 30) * MINUTE);
        assert_eq!(
            [&answer["checkStas"], &answer["stage"], &answer["checkWay"], &answer["checkAmount"]],
            ["1", "confirmed", way, "10.00"]
        );
        assert_eq!(
            [&answer["checkTime"], &answer["validUntil"]],
            [now.to_string().as_str(), until.to_string().as_str()]
        );
        site.hands.forward(Duration::from_mins(1));
        if way == "03" {
            site.hands.forward(Duration::from_millis(29 * 60 * 1_000 - 1));
            assert_eq!(extended(&site, token).await["stage"], "confirmed", "a millisecond before its end");
            site.hands.forward(Duration::from_millis(1));
            let over = extended(&site, token).await;
            assert_eq!([&over["checkStas"], &over["stage"]], ["0", "lapsed"]);
        }
    }
}

#[tokio::test]
async fn a_notice_on_its_way_is_told_as_asked() {
    let site = Site::start().await;
    let app = site.scripted(site.channel()).await;
    let token = site.token().await;
    let gate = gate();
    app.will([Mood::held(&gate)]);
    let asking = site.asking(token, None);
    app.until(1).await;
    stands(&site, token, "asked", "打开手机").await;
    gate.close();
    assert_eq!(asking.await.expect("no panic").code(), 0);
    stands(&site, token, "notified", "消息中心").await;
}

/// Begins a query that waits, and returns when it is held.
async fn held(site: &Site, token: EcToken, seconds: u64) -> JoinHandle<Value> {
    let before = site.metric("yanmi_held_queries").await;
    let institution = site.institution();
    let message = json!({ "token": token.as_str(), "orgCodg": HOSPITAL, "ext": "1", "waitSeconds": seconds });
    let waiting = tokio::spawn(async move {
        let called = institution.call(status::PATH, message.to_string()).await.expect("an answer");
        plain(&called)
    });
    eventually(async || site.metric("yanmi_held_queries").await == before + 1).await;
    // By the time another one has looked, it has looked too.
    site.status(token).await;
    waiting
}

async fn answer(waiting: JoinHandle<Value>) -> Value {
    tokio::time::timeout(AMPLE, waiting).await.expect("long before its time is over").expect("no panic")
}

#[tokio::test]
async fn a_held_query_answers_as_soon_as_the_person_does_something() {
    let site = Site::start().await;
    for (action, way, stage, status) in [
        ("confirm", "02", "confirmed", "1"),
        ("confirm", "01", "confirmed", "1"),
        ("cancel", "01", "cancelled", "0"),
        ("wrongPassword", "03", "failed", "0"),
        ("notMe", "01", "notMe", "0"),
    ] {
        let token = site.token().await;
        site.notify(token, Some("10")).await;
        let waiting = held(&site, token, 30).await;
        let number = site.newest_notice().await;
        site.act(&number, action, way).await;
        let told = answer(waiting).await;
        assert_eq!([&told["stage"], &told["checkStas"]], [stage, status]);
        if status == "1" {
            let again = ask(&site, token, json!({ "ext": "1", "waitSeconds": 30 })).await;
            assert_eq!(plain(&again)["checkStas"], "1", "a confirmation is told at once");
        }
    }
}

#[tokio::test]
async fn a_held_query_hears_of_a_notice_and_of_one_that_takes_its_place() {
    let site = Site::start().await;
    let token = site.token().await;
    let waiting = held(&site, token, 30).await;
    site.notify(token, Some("10")).await;
    let stage = answer(waiting).await["stage"].clone();
    assert!(stage == "asked" || stage == "notified", "{stage}");
    site.hands.forward(Duration::from_secs(3));
    let waiting = held(&site, token, 30).await;
    site.notify(token, Some("11")).await;
    let told = answer(waiting).await;
    assert_eq!(told["checkStas"], "0");
    assert!(told["stage"] == "asked" || told["stage"] == "notified", "{told}");
}

#[tokio::test]
async fn what_happens_to_others_does_not_end_the_wait() {
    let site = Site::start().await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    let mine = site.newest_notice().await;
    let waiting = held(&site, token, 30).await;
    let other = site.world().persons[1].clone();
    let others = site.token_of(&other, site.channel()).await;
    assert_eq!(site.notify(others, None).await.code(), 0);
    // A wrong password is no news either: the notice still waits for its person.
    assert_eq!(site.act(&mine, "wrongPassword", "01").await["data"]["leftCnt"], "4");
    assert_eq!(site.metric("yanmi_held_queries").await, 1);
    assert!(!waiting.is_finished());
    site.act(&mine, "confirm", "03").await;
    assert_eq!(answer(waiting).await["checkStas"], "1");
}

#[tokio::test]
async fn when_the_time_is_over_the_answer_is_how_things_stand() {
    let site = Site::start().await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    let begun = Instant::now();
    let told = plain(&ask(&site, token, json!({ "ext": "1", "waitSeconds": "1" })).await);
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!([&told["stage"], &told["checkStas"]], ["notified", "0"]);
}

#[tokio::test]
async fn a_notice_nobody_answers_in_time_is_news() {
    let site = Site::with(|config| config.policy.notice_life = Duration::from_millis(100)).await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    let waiting = held(&site, token, 30).await;
    site.hands.forward(Duration::from_millis(100));
    assert_eq!(answer(waiting).await["stage"], "expired");
}

#[tokio::test]
async fn more_than_may_be_held_answer_at_once_and_a_place_is_given_back() {
    let site = Site::with(|config| config.limits.held_queries = 1).await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    let waiting = held(&site, token, 30).await;
    let begun = Instant::now();
    let told = plain(&ask(&site, token, json!({ "ext": "1", "waitSeconds": 30 })).await);
    assert!(begun.elapsed() < AMPLE, "not held");
    assert_eq!([&told["stage"], &told["checkStas"]], ["notified", "0"]);
    let number = site.newest_notice().await;
    site.act(&number, "confirm", "03").await;
    assert_eq!(answer(waiting).await["checkStas"], "1");
    assert_eq!(site.metric("yanmi_held_queries").await, 0);
    // A client that is gone cannot be told from one that has said all it wants to say and listens, so it keeps its place
    // until its wait is over.
    let token = site.token().await;
    let message = json!({ "token": token.as_str(), "orgCodg": HOSPITAL, "ext": "1", "waitSeconds": 1 });
    let body = site.institution().seal(&message.to_string());
    let mut leaving = Wire::to(site.institution_addr()).await;
    leaving.send(&crate::wire::request("POST", status::PATH, body.as_bytes())).await;
    eventually(async || site.metric("yanmi_held_queries").await == 1).await;
    drop(leaving);
    eventually(async || site.metric("yanmi_held_queries").await == 0).await;
    held(&site, token, 30).await.abort();
}

#[tokio::test]
async fn a_stop_has_held_queries_answered() {
    let site = Site::start().await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    let waiting = [held(&site, token, 30).await, held(&site, site.token().await, 30).await];
    let farewell = tokio::time::timeout(AMPLE, site.center.stop()).await.expect("stopped in time");
    assert_eq!(farewell.cut, 0);
    let [notified, none] = waiting;
    assert_eq!(answer(notified).await["stage"], "notified");
    assert_eq!(answer(none).await["stage"], "none");
}
