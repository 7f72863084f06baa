//! Bad input: it is answered with one of the listed codes and never with -1, it changes nothing, and the good request
//! after it is served.

mod dice;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use yanmi_center::registry::{Interfaces, MacRule, NewAccount, SourceNetworks};
use yanmi_protocol::envelope::{self, MAX_BODY_BYTES};
use yanmi_protocol::message::{auth_result, decode, notify, password, password_free, pending, status};
use yanmi_protocol::{AccountId, Code, Sm4Key};

use self::dice::Dice;
use crate::register::{NOW, act};
use crate::site::{Site, eventually, unlimited};
use crate::wire::{Answer, Wire, request};

const UNKNOWN_TOKEN: &str = "350000ec7ioqup8p1o0761820a0000f1f8b13d";

/// The code of an answer that is well formed and of the list, whatever was asked.
fn code(answer: &Answer) -> Code {
    assert_eq!(answer.status, 200, "{answer:?}");
    let listed = Code::from_number(answer.code());
    let code = listed.unwrap_or_else(|| panic!("not listed: {answer:?}"));
    assert_ne!(code, Code::Unknown, "{answer:?}");
    code
}

/// Nothing was stored about any verification, and everything works.
async fn is_unharmed(site: &Site) {
    assert_eq!(site.number("SELECT count(*) FROM verifications").await, 0);
    assert_eq!(site.number("SELECT count(*) FROM audit WHERE event NOT LIKE 'free-o%'").await, 0);
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    site.act(&number, "confirm", "01").await;
    assert_eq!(site.check_stas(token).await, "1");
}

/// A call as a test says it: which listener, where, and a message that is right but about nobody.
struct Said {
    address: SocketAddr,
    path: &'static str,
    message: String,
    /// Whose envelope it stands in; decode has none.
    sealed: Option<(String, Sm4Key)>,
}

/// Every call there is.
fn calls(site: &Site) -> [Said; 7] {
    let world = site.world();
    let account = Some((world.accounts[0].org_id.as_str().to_owned(), world.accounts[0].key.clone()));
    let app = Some((site.channel().chnl_id.as_str().to_owned(), site.channel().key.clone()));
    let institution = site.institution_addr();
    let channel = site.channel_addr();
    let asked = json!({
        "token": UNKNOWN_TOKEN, "orgCodg": "H35010000001", "orgName": "福州示范医院", "totalAmount": 128.50,
        "ext": "1",
    });
    let confirmed = json!({
        "notcNo": "1616654881967", "authWay": "03", "authStas": "1", "authTime": NOW.to_string(),
    });
    let checked = json!({
        "idType": "01", "reqBizNo": "1616654881967", "userPwd": "C7".repeat(32), "userName": "无名", "idNo": "0",
    });
    let index = "EC000000000000000000000000000099";
    let said = |address, path, message: &Value, sealed: &Option<(String, Sm4Key)>| Said {
        address,
        path,
        message: message.to_string(),
        sealed: sealed.clone(),
    };
    let scanned: Value =
        serde_json::from_str(&decode::Request::write("H35010000001", "01101", "424")).expect("JSON");
    [
        said(institution, notify::PATH, &asked, &account),
        said(institution, status::PATH, &asked, &account),
        said(institution, password::PATH, &checked, &account),
        said(institution, decode::PATH, &scanned, &None),
        said(channel, auth_result::PATH, &confirmed, &app),
        said(channel, pending::PATH, &json!({ "ecIndexNo": index }), &app),
        said(channel, password_free::PATH, &json!({ "ecIndexNo": index, "openFlag": "1" }), &app),
    ]
}

impl Said {
    /// The body around a message that is this call's own or not.
    fn body(&self, site: &Site, message: &str) -> String {
        match &self.sealed {
            Some((org_id, key)) => {
                envelope::request(key, org_id, "sys", site.world().region, NOW, message.as_bytes())
            }
            None => message.to_owned(),
        }
    }

    /// What is said, as it should be.
    fn good(&self, site: &Site) -> String {
        self.body(site, &self.message)
    }

    async fn ask(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        Wire::to(self.address).await.ask(method, path, body).await
    }
}

#[tokio::test]
async fn what_the_vectors_refuse_is_refused_with_the_code_they_name() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../protocol/vectors/sm.json")).expect("JSON");
    let site = Site::with(unlimited).await;
    let mut sent = 0;
    for (at, vector) in vectors["refused"].as_array().expect("a list").iter().enumerate() {
        let org_id = format!("vector{at}");
        let key = Sm4Key::from_hex(vector["key"]["hex"].as_str().expect("a key")).expect("a key");
        site.change(async |administration| {
            let id = AccountId::new(&org_id).expect("an account");
            let new = NewAccount {
                id,
                name: "向量".to_owned(),
                key,
                interfaces: Interfaces::ALL,
                rate: None,
                mac: MacRule::Optional,
                networks: SourceNetworks::default(),
            };
            administration.add_account(&new, act(NOW)).await.expect("a new account");
        })
        .await;
        let body = json!({
            "orgId": org_id, "encData": vector["encData"], "version": "1.0.0", "timestamp": NOW.to_string(),
            "reqtType": "sys&350000",
        });
        for call in calls(&site).iter().filter(|call| call.address == site.institution_addr()) {
            let Some(_) = call.sealed else { continue };
            let answer = call.ask("POST", call.path, body.to_string()).await;
            assert_eq!(answer.code(), vector["code"].as_i64().expect("a code"), "{vector} {answer:?}");
            let named = answer.message().contains("encData");
            assert_eq!(named, code(&answer) == Code::BadParameter, "{vector} {answer:?}");
            sent += 1;
        }
    }
    assert_eq!(sent, 13 * 3);
    is_unharmed(&site).await;
}

#[tokio::test]
async fn a_body_may_have_64_kib_and_not_a_byte_more() {
    let site = Site::with(unlimited).await;
    for call in calls(&site) {
        let right = code(&call.ask("POST", call.path, call.good(&site)).await);
        let mut body = call.good(&site).into_bytes();
        body.resize(MAX_BODY_BYTES, b' ');
        assert_eq!(code(&call.ask("POST", call.path, &body).await), right, "{}", call.path);
        assert_eq!(code(&chunked(&call, &body).await), right, "{}", call.path);
        for more in [1, 10_000] {
            body.resize(MAX_BODY_BYTES + more, b' ');
            for answer in [call.ask("POST", call.path, &body).await, chunked(&call, &body).await] {
                assert_eq!(code(&answer), Code::BadParameter, "{} {answer:?}", call.path);
                assert!(answer.message().contains("超过 65536 字节"), "{answer:?}");
            }
        }
    }
    is_unharmed(&site).await;
}

/// The answer to a body whose length is not announced.
async fn chunked(call: &Said, body: &[u8]) -> Answer {
    let mut wire = Wire::to(call.address).await;
    let path = call.path;
    let mut bytes =
        format!("POST {path} HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(9_999) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    wire.send(&bytes).await;
    wire.answer().await.expect("an answer")
}

#[tokio::test]
async fn any_other_method_is_a_bad_parameter_and_any_other_path_an_unknown_address() {
    let site = Site::start().await;
    let calls = calls(&site);
    for call in &calls {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "post"] {
            let answer = call.ask(method, call.path, call.good(&site)).await;
            assert_eq!(code(&answer), Code::BadParameter, "{method} {answer:?}");
        }
        let paths = [
            format!("{}/", call.path),
            format!("{}x", call.path),
            format!("/{}", call.path),
            call.path.to_uppercase(),
            call.path.replace("api", "%61pi"),
        ];
        for path in &paths {
            let answer = call.ask("POST", path, call.good(&site)).await;
            assert_eq!(code(&answer), Code::NoSuchAddress, "{path} {answer:?}");
        }
        // Nobody gets at a call through the other listener.
        for other in calls.iter().filter(|other| other.address != call.address) {
            let answer = call.ask("POST", other.path, call.good(&site)).await;
            assert_eq!(code(&answer), Code::NoSuchAddress, "{} {answer:?}", other.path);
        }
        for path in ["/", "/cfc/api/", "/cfc/api/none", "/favicon.ico", "*"] {
            assert_eq!(code(&call.ask("POST", path, "").await), Code::NoSuchAddress, "{path}");
        }
    }
    is_unharmed(&site).await;
}

#[tokio::test]
async fn headers_make_no_difference_and_an_empty_body_is_a_bad_parameter() {
    let site = Site::start().await;
    for call in calls(&site) {
        let right = code(&call.ask("POST", call.path, call.good(&site)).await);
        let marked = format!("\u{FEFF}{}", call.good(&site));
        assert_eq!(code(&call.ask("POST", call.path, marked).await), right, "a byte-order mark");
        assert_eq!(code(&call.ask("POST", call.path, "").await), Code::BadParameter);
        for header in [
            "content-type: text/xml; charset=GBK",
            "content-type: nonsense",
            "accept: image/png",
            "content-encoding: gzip",
            "expect: 100-continue",
            "x-http-method-override: DELETE",
        ] {
            let plain = request("POST", &format!("{}?q=1", call.path), call.good(&site).as_bytes());
            let plain = String::from_utf8(plain).expect("text");
            let mut wire = Wire::to(call.address).await;
            wire.send(plain.replacen("host: t", &format!("host: t\r\n{header}"), 1).as_bytes()).await;
            let mut answer = wire.answer().await.expect("an answer");
            if answer.status == 100 {
                answer = wire.answer().await.expect("the answer after the invitation");
            }
            assert_eq!(code(&answer), right, "{header} {answer:?}");
        }
    }
    is_unharmed(&site).await;
}

/// The requests that were answered so.
async fn answered(site: &Site, word: &str, code: Code) -> u64 {
    site.metric(&format!("yanmi_requests_total{{op=\"{word}\",code=\"{code}\"}}")).await
}

#[tokio::test]
async fn half_a_body_is_no_request() {
    let site = Site::with(|config| config.limits.body = Duration::from_millis(50)).await;
    let words = ["notify", "status", "password", "decode", "auth-result", "pending", "password-free"];
    for (call, word) in calls(&site).into_iter().zip(words) {
        let whole = request("POST", call.path, call.good(&site).as_bytes());
        let half = &whole[..whole.len() - 20];
        // Whoever waits for the answer gets it.
        let mut waiting = Wire::to(call.address).await;
        waiting.send(half).await;
        assert_eq!(code(&waiting.answer().await.expect("an answer")), Code::Timeout, "{word}");
        // Whoever says that nothing more will come, or leaves, is counted.
        let broken = answered(&site, word, Code::BadParameter).await;
        let mut finished = Wire::to(call.address).await;
        finished.send(half).await;
        finished.finish().await;
        assert_eq!(code(&finished.answer().await.expect("it listens")), Code::BadParameter, "{word}");
        let mut gone = Wire::to(call.address).await;
        gone.send(half).await;
        drop(gone);
        eventually(async || answered(&site, word, Code::BadParameter).await == broken + 2).await;
        assert_eq!(answered(&site, word, Code::Unknown).await, 0, "{word}");
    }
    is_unharmed(&site).await;
}

#[tokio::test]
async fn what_is_unusual_and_right_is_served_and_the_form_of_answers_is_that_of_the_specification() {
    let site = Site::start().await;
    let token = site.token().await;
    let account = &site.world().accounts[0];
    let message = json!({ "token": token.as_str(), "orgCodg": "H35010000001", "ext": null, "unknown": [1] });
    let sealed = envelope::seal(&account.key, message.to_string().as_bytes());
    let (upper, lower, at) = (sealed.clone(), sealed.to_lowercase(), NOW);
    let mut wire = Wire::to(site.institution_addr()).await;
    for body in [
        // Any order, any prefix, members nobody knows, digits of either case, a time that is a number.
        format!(
            r#"{{"reqtType":"sys&350000","encData":"{upper}","version":"1.0.0","orgId":"testOrgId","timestamp":"{at}"}}"#
        ),
        format!(
            r#"{{"timestamp":{at},"orgId":"testOrgId","version":"1.0.0","encData":"{lower}","reqtType":"H35010000001&350000"}}"#
        ),
        format!(
            r#" {{ "x": {{}}, "orgId" : "testOrgId", "timestamp":"{at}", "encData":"{lower}", "reqtType":"a&b&350000","version":"1.0.0", "y":null }} "#
        ),
        format!(
            "\u{FEFF}{{\"orgId\":\"\\u0074estOrgId\",\"timestamp\":{at},\"version\":\"1.0.0\",\"encData\":\"{lower}\",\"reqtType\":\"-&350000\"}}"
        ),
    ] {
        let answer = wire.post(status::PATH, &body).await;
        let form = r#"{"code":0,"type":"success","message":"成功","data":{"encData":""#;
        assert!(answer.body.starts_with(form) && answer.body.ends_with(r#""}}"#), "{body} {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
    }
    let refusal = wire.post(status::PATH, "{}").await;
    let form =
        r#"{"code":-2,"type":"error","message":"请求参数异常：orgId 缺失或为空","success":false,"data":{}}"#;
    assert_eq!(refusal.body, form);
    let refusal = wire.post(decode::PATH, "{}").await;
    assert_eq!(refusal.body, r#"{"code":-2,"message":"请求参数异常：orgId 缺失或为空","success":false}"#);
    // Two at once are answered one after the other.
    let both = [request("POST", status::PATH, b"{}"), request("POST", "/healthz", b"")].concat();
    wire.send(&both).await;
    assert_eq!(wire.answer().await.expect("an answer").code(), -2);
    assert_eq!(wire.answer().await.expect("another").code(), -5, "what operators ask is elsewhere");
}

/// Requests of each kind of chance.
const THROWS: usize = 2_500;

/// Throws requests at every call over connections that are kept open. Whatever is thrown, the answer is listed; what
/// codes there were is given back.
async fn throw(seed: u64, make: impl Fn(&Dice, &Site, &Said) -> Vec<u8>) -> BTreeSet<Code> {
    let site = Site::with(unlimited).await;
    let dice = Dice::seeded(seed);
    let calls = calls(&site);
    let mut wires = Vec::new();
    for call in &calls {
        wires.push(Wire::to(call.address).await);
    }
    let mut codes = BTreeSet::new();
    for throw in 0..THROWS {
        let at = throw % calls.len();
        let body = make(&dice, &site, &calls[at]);
        let answer = wires[at].post(calls[at].path, &body).await;
        if answer.is_last() {
            wires[at] = Wire::to(calls[at].address).await;
        }
        let free = calls[at].path == password_free::PATH;
        let code = code(&answer);
        assert!(code != Code::Success || free || calls[at].path == pending::PATH, "{answer:?}");
        codes.insert(code);
    }
    is_unharmed(&site).await;
    codes
}

#[tokio::test]
async fn random_bytes() {
    let seen = throw(1, |dice, _, _| {
        let length = dice.below(600);
        (0..length).map(|_| dice.byte()).collect()
    });
    assert_eq!(seen.await, BTreeSet::from([Code::BadParameter]));
}

#[tokio::test]
async fn mutated_bodies() {
    let seen = throw(2, |dice, site, call| {
        let mut body = call.good(site).into_bytes();
        dice.mutate(&mut body);
        body
    });
    let seen = seen.await;
    for code in [Code::BadParameter, Code::Denied, Code::CredentialNotFound] {
        assert!(seen.contains(&code), "{code} of {seen:?}");
    }
}

#[tokio::test]
async fn mutated_messages_in_good_envelopes() {
    let seen = throw(3, |dice, site, call| {
        let mut message = call.message.clone().into_bytes();
        dice.mutate(&mut message);
        match &call.sealed {
            // Sealed as they are, text or not.
            Some((org_id, key)) => {
                envelope::request(key, org_id, "sys", site.world().region, NOW, &message).into_bytes()
            }
            None => message,
        }
    });
    let seen = seen.await;
    for code in [Code::BadParameter, Code::Denied, Code::BadOrgCode, Code::BadChannelParameter] {
        assert!(seen.contains(&code), "{code} of {seen:?}");
    }
}

#[tokio::test]
async fn scrambled_members() {
    let seen = throw(4, |dice, site, call| {
        let inner = dice.scramble(&call.message);
        let body = call.body(site, if dice.below(2) == 0 { &inner } else { &call.message });
        if dice.below(2) == 0 { body.into_bytes() } else { dice.scramble(&body).into_bytes() }
    });
    let seen = seen.await;
    for code in [Code::BadParameter, Code::Denied, Code::BadOrgCode, Code::BadChannelParameter] {
        assert!(seen.contains(&code), "{code} of {seen:?}");
    }
}
