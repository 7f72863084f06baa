//! The page of the sandbox: a whole journey by the buttons of the page, and what the page is told of it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::{Value, json};

use crate::yanmi::Sandbox;

/// An open event stream.
pub(crate) struct Events {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Events {
    pub(crate) fn open(port: u16) -> Self {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
        write!(stream, "GET /events HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n").expect("sent");
        Self { stream, unread: Vec::new() }
    }

    /// The events up to the first that `wanted` accepts: kind and data. Reading gives up with the test's time.
    pub(crate) fn until(&mut self, wanted: impl Fn(&str, &Value) -> bool) -> Vec<(String, Value)> {
        let mut seen = Vec::new();
        loop {
            while let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.unread.drain(..end + 2).collect();
                let event = String::from_utf8(event).expect("UTF-8");
                let part = |name| event.lines().find_map(|line| line.strip_prefix(name));
                let found = part("event: ")
                    .zip(part("data: "))
                    .map(|(kind, data)| (kind.to_owned(), serde_json::from_str(data).expect("JSON")));
                let Some((kind, data)) = found else { continue };
                let last = wanted(&kind, &data);
                seen.push((kind, data));
                if last {
                    return seen;
                }
            }
            let mut bytes = vec![0; 64 * 1_024];
            let count = self.stream.read(&mut bytes).expect("a read");
            assert!(count > 0, "the stream ended");
            self.unread.extend_from_slice(&bytes[..count]);
        }
    }
}

/// `call part` of each message, in order.
fn passed(events: &[(String, Value)]) -> Vec<String> {
    let messages = events.iter().filter(|(kind, _)| kind == "message");
    messages
        .map(|(_, m)| format!("{} {}", m["call"].as_str().unwrap_or("?"), m["part"].as_str().unwrap_or("?")))
        .collect()
}

#[test]
fn every_message_of_a_journey_passes_before_ones_eyes() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let mut events = Events::open(sandbox.port + 9);
    events.until(|kind, _| kind == "scene");
    let world = sandbox.world();
    let person = &world["persons"][1];
    let index = person["ecIndexNo"].as_str().expect("an index");
    let act = |path: &str, body: Value| sandbox.ask(9, "POST", path, &body.to_string());

    let shown = act("/qr", json!({"ecIndexNo": index, "chnlId": world["channels"][0]["chnlId"]}));
    let visit = act("/counter/scan", json!({"orgCodg":"H35010000001","ecQrCode":shown["ecQrCode"]}));
    assert_eq!((&visit["stage"], &visit["who"]), (&json!("decoded"), &json!("**丰")));
    let visit = act("/counter/notify", json!({"totalAmount":"128.50"}));
    assert_eq!(visit["stage"], "waiting", "{visit}");
    // The first query tells the number to compare, the next is held.
    let mut all = events.until(|kind, data| kind == "counter" && data["checkNo"].is_string());
    assert_eq!(all.last().expect("waiting").1["checkNo"].as_str().map(str::len), Some(2));
    all.extend(events.until(|kind, data| kind == "message" && data["call"] == "status"));
    let phone = all.iter().rev().find(|(kind, _)| kind == "phone").expect("the phone lights up");
    let notice = phone.1["notices"][0].clone();
    assert_eq!((&notice["totalAmount"], &notice["state"]), (&json!("128.50"), &json!("pending")));

    let confirm = json!({"notcNo": notice["notcNo"], "action": "confirm", "way": "01"});
    assert_eq!(act(&format!("/phones/{index}/act"), confirm)["data"]["acptFlag"], "1");
    // The counter turns green by itself, and only then may it settle.
    all.extend(events.until(|kind, data| kind == "counter" && data["stage"] == "green"));
    assert!(all.last().expect("green").1["tapMicros"].is_u64());
    assert_eq!(act("/counter/settle", json!({}))["stage"], "settled");

    let order = passed(&all);
    let expected = [
        "decode request",
        "qrCodeQuery request",
        "qrCodeQuery answer",
        "decode answer",
        "notify request",
        "notice request",
        "notice answer",
        "notify answer",
        "status request",
        "status answer",
        "status request",
        "result request",
        "pwdCheck request",
        "pwdCheck answer",
        "status answer",
    ];
    let without_result: Vec<&str> =
        order.iter().map(String::as_str).filter(|passed| *passed != "result answer").collect();
    assert_eq!(without_result, expected);
    for (_, message) in all.iter().filter(|(kind, _)| kind == "message") {
        let sealed = message["call"] != "decode";
        assert_eq!(message["sealed"].is_string(), sealed, "{message}");
        assert!(message["opened"].is_string() && message["path"].is_string(), "{message}");
        if sealed {
            assert!(message["sealed"].as_str().expect("a text").contains("encData"), "{message}");
        }
    }
    let told: String = all.iter().map(|(_, data)| data.to_string()).collect();
    let digest = yanmi_protocol::PasswordDigest::of("222222").expect("six digits").to_hex();
    for secret in [person["userName"].as_str(), person["idNo"].as_str(), Some(&**digest)] {
        let secret = secret.expect("a text");
        assert!(!told.contains(secret), "masked as on the wire: {secret}");
    }
    sandbox.stop();
}

#[test]
fn a_magic_token_turns_the_counter_red_with_advice() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let world = sandbox.world();
    for (code, stage) in [("500319", "red"), ("500002", "red"), ("500320", "free")] {
        let token = json!({"orgCodg":"P35010000001","token":world["magicTokens"][code]});
        assert_eq!(sandbox.ask(9, "POST", "/counter/token", &token.to_string())["stage"], "decoded");
        let visit = sandbox.ask(9, "POST", "/counter/notify", "{}");
        assert_eq!((visit["stage"].as_str(), visit["code"].to_string()), (Some(stage), code.to_owned()));
        assert!(visit["advice"].as_str().is_some_and(|advice| advice.ends_with('。')), "{visit}");
        let settled = sandbox.ask(9, "POST", "/counter/settle", "{}");
        assert_eq!(settled["stage"] == "settled", stage == "free", "{settled}");
    }
    sandbox.stop();
}
