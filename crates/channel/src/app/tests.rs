//! What a channel answers to what is posted to it, as the guide for channels says it.

use std::sync::Arc;

use serde_json::{Value, json};
use yanmi_protocol::envelope::Answer;

use super::*;

const NOW: UnixMillis = UnixMillis::new(1_700_000_000_000);
/// This channel, and another one.
const WORKS: &str = "C0DE000000000000000000000000000A";
const MOODY: &str = "C0DE000000000000000000000000000D";
/// The path of the notice address as it is registered.
const PATH: &str = "/bank/ec/notice";

fn key() -> Sm4Key {
    Sm4Key::from_bytes(b"yanmi-test-key-1")
}

fn app(mac: bool) -> App<()> {
    App {
        id: ChannelId::new(WORKS).expect("an id"),
        key: key(),
        mac,
        region: Region::new("350000").expect("a region"),
        center_url: "http://127.0.0.1:9".to_owned(),
        transport: (),
        clock: Arc::new(|| NOW),
        deadline: CENTER_DEADLINE,
    }
}

fn notice() -> Value {
    json!({
        "notcType": "1", "notcNo": "1616654881967", "notcSeq": "1", "chnlId": WORKS, "ecToken": "T1",
        "userName": "*试", "orgCodg": "H35010000001", "orgName": "福州示范医院", "notcTime": "1700000000000",
        "expTime": "1700000300000", "authWays": ["01"],
    })
}

/// A message of the center to this channel under this key, with its mac if it has one.
fn posted(org_id: &str, key: &Sm4Key, message: &Value, mac: bool) -> (String, Option<String>) {
    let sender = Sender { key, org_id, prefix: "center", region: app(true).region };
    let plain = message.to_string();
    if mac {
        let request = sender.proven_request(PATH, NOW, plain.as_bytes());
        (request.body, Some(request.mac))
    } else {
        (sender.request(NOW, plain.as_bytes()), None)
    }
}

#[test]
fn what_does_not_open_is_denied_in_one_word_whatever_it_is() {
    let app = app(true);
    let other = Sm4Key::from_bytes(&[9; 16]);
    let (good, mac) = posted(WORKS, &key(), &notice(), true);
    let mac = mac.expect("a mac");
    assert!(app.open(PATH, good.as_bytes()).is_ok());
    let denied = [
        ("another channel", PATH, posted(MOODY, &key(), &notice(), true).0),
        ("another key", PATH, posted(WORKS, &other, &notice(), true).0),
        ("no mac", PATH, posted(WORKS, &key(), &notice(), false).0),
        ("a wrong mac", PATH, good.replace(&mac, &"A".repeat(64))),
        ("another time", PATH, good.replace("1700000000000", "1700000000001")),
        ("another path", "/notice", good.clone()),
        ("no object", PATH, posted(WORKS, &key(), &json!([1]), true).0),
    ];
    for (what, path, body) in denied {
        let refused = app.open(path, body.as_bytes()).expect_err(what);
        assert_eq!(refused.body(), envelope::refusal(Code::Denied, Code::Denied.message()), "{what}");
    }
}

#[test]
fn without_a_demand_for_macs_a_wrong_one_is_denied_all_the_same() {
    let app = app(false);
    let (bare, _) = posted(WORKS, &key(), &notice(), false);
    assert!(app.open(PATH, bare.as_bytes()).is_ok());
    let (good, mac) = posted(WORKS, &key(), &notice(), true);
    assert!(app.open(PATH, good.as_bytes()).is_ok());
    let wrong = good.replace(&mac.expect("a mac"), &"A".repeat(64));
    assert_eq!(app.open(PATH, wrong.as_bytes()).expect_err("a wrong mac").code, Code::Denied);
}

/// A success with the message the guide prints, and a refusal with the reason in its words.
#[test]
fn every_answer_to_a_notice_with_a_mac_has_one_and_to_one_without_none() {
    for mac in [true, false] {
        let app = app(mac);
        let (body, mac) = posted(WORKS, &key(), &notice(), mac);
        let opened = app.open(PATH, body.as_bytes()).expect("a notice");
        let answers = [
            (app.received(&opened), 0, "成功", Some("{\"rcvFlag\":\"1\"}")),
            (app.password_free_here(&opened), 0, "成功", Some("{\"rcvFlag\":\"2\"}")),
            (
                app.refused(&opened, Code::NoticeFailed, "该用户已注销".to_owned()).body().to_owned(),
                500_319,
                "该用户已注销",
                None,
            ),
        ];
        for (body, code, message, plain) in answers {
            let answer = Answer::parse(body.as_bytes()).expect("an answer");
            assert_eq!((answer.code, answer.message.as_str()), (code, message));
            assert_eq!(answer.mac.is_some(), mac.is_some(), "{body}");
            assert!(mac.as_deref().is_none_or(|mac| answer.is_proven(&key(), mac)), "{body}");
            if let Some(plain) = plain {
                assert_eq!(answer.open(&key()).expect("opens").as_str(), plain);
            }
        }
        // What is wrong inside is refused in words, with a mac as well.
        let mut bent = notice();
        bent["notcSeq"] = json!("x");
        let (body, mac) = posted(WORKS, &key(), &bent, mac.is_some());
        let refused = app.open(PATH, body.as_bytes()).expect_err("a bad member");
        assert!(refused.code == Code::BadParameter && refused.reason.contains("notcSeq"), "{refused:?}");
        let answer = Answer::parse(refused.body().as_bytes()).expect("an answer");
        assert_eq!(answer.mac.is_some(), mac.is_some());
    }
}
