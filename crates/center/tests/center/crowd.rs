//! One party among many: whatever one of them does, the others are served.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use yanmi_protocol::message::{decode, notify, status};
use yanmi_protocol::{EcToken, Sm4Key};
use yanmi_simulator::institution::Called;

use crate::logs::Lines;
use crate::register::NOW;
use crate::site::{AMPLE, HOSPITAL, Site, eventually, unlimited};
use crate::wire::{Answer, Wire, request};

/// A status query of the account at this place of the world, for the first of its institutions.
fn query(site: &Site, account: usize, token: &str, wait: u64) -> JoinHandle<Called> {
    let institution = site.institution_of(account);
    let org_code = &site.world().accounts[account].institutions[0].org_codg;
    let mut message = json!({ "token": token, "orgCodg": org_code.as_str(), "ext": "1" });
    if wait > 0 {
        message["waitSeconds"] = json!(wait);
    }
    tokio::spawn(async move { institution.call(status::PATH, message.to_string()).await.expect("an answer") })
}

async fn code(query: JoinHandle<Called>) -> i64 {
    query.await.expect("no panic").code()
}

#[tokio::test]
async fn while_junk_hangs_at_the_national_center_other_accounts_learn_new_tokens() {
    let (site, national) = Site::with_national(|config| {
        unlimited(config);
        config.national.in_flight = 8;
        config.national.timeout = AMPLE;
        config.delivery.call = 2 * AMPLE;
    })
    .await;
    let channel = site.channel().chnl_id;
    let known = national.issue(channel, 1, "350104199306063031");
    assert_eq!(code(query(&site, 1, known.as_str(), 0)).await, 0);
    let asked = national.tokens_asked();
    let gate = national.hold_unknown();
    let mut junk: Vec<_> = (0..4).map(|n| query(&site, 0, &format!("J{n}"), 0)).collect();
    national.until_tokens_asked(asked + 4).await;
    // Half of the places are taken, and more there is not for one account.
    for number in 4..12 {
        assert_eq!(code(query(&site, 0, &format!("J{number}"), 0)).await, 500_033);
    }
    assert_eq!(national.tokens_asked(), asked + 4);
    assert_eq!(code(query(&site, 1, known.as_str(), 0)).await, 0, "what is known");
    for number in 2..10 {
        let new = national.issue(channel, number, "350104199306063031");
        assert_eq!(code(query(&site, 1, new.as_str(), 0)).await, 0, "what is new");
    }
    gate.close();
    for junk in junk.drain(..) {
        assert_eq!(code(junk).await, 500_001);
    }
}

#[tokio::test]
async fn a_token_found_unknown_is_asked_for_again_after_seconds_and_what_is_decoded_at_once() {
    let (site, national) = Site::with_national(|_| {}).await;
    for _ in 0..10 {
        assert_eq!(code(query(&site, 0, "T1", 0)).await, 500_001);
    }
    assert_eq!(national.tokens_asked(), 1);
    let token = national.issue(site.channel().chnl_id, 1, "350104199306063031");
    assert_eq!(code(query(&site, 0, "T1", 0)).await, 500_001, "for these seconds");
    site.hands.forward(Duration::from_secs(5));
    assert_eq!(code(query(&site, 0, "T1", 0)).await, 0);
    assert_eq!(national.tokens_asked(), 2);
    // A token that is decoded here is known here, whatever was said before.
    assert_eq!(code(query(&site, 0, "T2", 0)).await, 500_001);
    national.issue(site.channel().chnl_id, 2, "350104199306063031");
    let decoded = site.institution().decode(HOSPITAL, "01101", "T2").await.expect("an answer");
    assert_eq!(decoded.token.map(|token| token.as_str().to_owned()).as_deref(), Some("T2"));
    assert_eq!(code(query(&site, 0, "T2", 0)).await, 0);
    assert_eq!(site.notify(token, None).await.code(), 0);
}

#[tokio::test]
async fn who_has_its_share_of_held_queries_is_answered_at_once_and_another_is_held() {
    let site = Site::with(|config| config.limits.held_queries = 4).await;
    let token = site.token().await;
    let held = |count| {
        let site = &site;
        eventually(async move || site.metric("yanmi_held_queries").await == count)
    };
    let mut waiting = vec![query(&site, 0, token.as_str(), 30), query(&site, 0, token.as_str(), 30)];
    held(2).await;
    let at_once = query(&site, 0, token.as_str(), 30).await.expect("no panic");
    assert_eq!((at_once.code(), at_once.received.retry_after.as_deref()), (0, Some("2")));
    assert_eq!(at_once.member("stage").as_deref(), Some("none"));
    waiting.push(query(&site, 1, token.as_str(), 30));
    held(3).await;
    let plain = query(&site, 0, token.as_str(), 0).await.expect("no panic");
    assert_eq!(plain.received.retry_after, None, "who does not want to be held need not come again");
    site.center.stop().await;
    for waiting in waiting {
        assert_eq!(code(waiting).await, 0);
    }
}

/// A connection from another address of this machine.
async fn from(last: u8, site: &Site) -> Wire {
    Wire::between(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), site.institution_addr()).await
}

#[tokio::test]
async fn bodies_that_do_not_end_leave_room_for_others() {
    let site = Site::with(|config| config.limits.unopened_kib = 64).await;
    let token = site.token().await;
    // Half of the room is for one source.
    let mut slow = from(2, &site).await;
    slow.send(
        format!("POST {} HTTP/1.1\r\nhost: t\r\ncontent-length: 60000\r\n\r\n", status::PATH).as_bytes(),
    )
    .await;
    slow.send(&vec![b'x'; 32 * 1024 - 8]).await;
    let refused = async || {
        let answer = from(2, &site).await.post(status::PATH, [b' '; 64]).await;
        let wait = answer.header("retry-after").map(str::to_owned);
        (answer.status, answer.code(), wait.as_deref()) == (503, -6, Some("1"))
    };
    eventually(refused).await;
    assert_eq!(site.check_stas(token).await, "0", "from elsewhere");
    drop(slow);
    eventually(async || from(2, &site).await.post(status::PATH, [b' '; 64]).await.status == 200).await;
}

async fn post(wire: &mut Wire, path: &str, body: &str) -> Answer {
    wire.post(path, body).await
}

#[tokio::test]
async fn what_proves_nothing_is_counted_and_not_written_line_by_line() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let site = Site::with(unlimited).await;
    let token = site.token().await;
    let stranger = yanmi_protocol::envelope::request(
        &Sm4Key::from_bytes(&[1; 16]),
        "nobody",
        "sys",
        site.world().region,
        NOW,
        b"{}",
    );
    let mut wire = Wire::to(site.institution_addr()).await;
    for _ in 0..40 {
        assert_eq!(post(&mut wire, "/cfc/api/nothing", "").await.code(), -5);
        assert_eq!(post(&mut wire, notify::PATH, "nonsense").await.code(), -2);
        assert_eq!(post(&mut wire, notify::PATH, &stranger).await.code(), -4);
        assert_eq!(site.check_stas(token).await, "0");
    }
    let text = lines.text();
    let written = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    for (code, expected) in [(-5, 5), (-2, 5), (-4, 5)] {
        assert_eq!(written(&format!(" orgId=\"-\" code={code} ")), expected, "{code}");
        assert_eq!(site.metric(&format!("yanmi_unproven_total{{code=\"{code}\"}}")).await, 40);
    }
    assert_eq!(written("op=\"status\" orgId=\"testOrgId\" code=0 "), 40, "of the others each has its line");
}

#[tokio::test]
async fn decoding_in_a_hospitals_name_takes_nothing_from_it() {
    let site = Site::with(|config| {
        config.limits.decodes_per_institution_minute = 3;
        config.limits.decodes_per_source_minute = 5;
        config.limits.requests_per_second = 1;
        config.limits.burst = 1;
    })
    .await;
    let ask = async |last, org_code: &str| {
        let body = json!({
            "orgId": org_code, "transType": "ec.query",
            "data": {
                "orgId": org_code, "businessType": "01101", "operatorId": "1", "operatorName": "a",
                "officeId": "1", "officeName": "a", "ecQrCode": "nothing",
            },
        });
        from(last, &site).await.post(decode::PATH, body.to_string()).await
    };
    let codes = async |last, org_code: &str, times| {
        let mut codes = Vec::new();
        for _ in 0..times {
            codes.push(ask(last, org_code).await.code());
        }
        codes
    };
    assert_eq!(codes(2, HOSPITAL, 4).await, [500_001, 500_001, 500_001, -6]);
    assert!(ask(2, HOSPITAL).await.header("retry-after").is_some());
    let pharmacy = site.world().accounts[0].institutions[1].org_codg;
    assert_eq!(codes(2, pharmacy.as_str(), 1).await, [-6], "five of one source, whatever it names");
    assert_eq!(codes(3, HOSPITAL, 3).await, [500_001; 3], "the hospital's own is as it was");
    assert_eq!(
        site.status(EcToken::new("nothing1").expect("a token")).await.code(),
        500_001,
        "and so is its account's"
    );
}

#[tokio::test]
async fn who_has_said_all_gets_the_answer_also_when_it_is_held() {
    let site = Site::start().await;
    let token = site.token().await;
    let message = json!({ "token": token.as_str(), "orgCodg": HOSPITAL, "ext": "1", "waitSeconds": 1 });
    let body = site.institution().seal(&message.to_string());
    let mut wire = Wire::to(site.institution_addr()).await;
    wire.send(&request("POST", status::PATH, body.as_bytes())).await;
    wire.finish().await;
    let answer = wire.answer().await.expect("an answer");
    assert_eq!((answer.status, answer.code()), (200, 0));
}
