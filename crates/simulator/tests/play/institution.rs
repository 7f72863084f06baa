//! The institution, against a center that answers what the test tells it.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use bytes::Bytes;
use yanmi_protocol::envelope::{self, RequestEnvelope};
use yanmi_protocol::message::{decode, notify, status};
use yanmi_protocol::{Code, Sm4Key, UnixMillis};
use yanmi_simulator::Institution;

use crate::stage;

type Heard = Arc<Mutex<Vec<String>>>;

fn key() -> Sm4Key {
    Sm4Key::from_bytes(&[5; 16])
}

async fn center(State(heard): State<Heard>, uri: Uri, body: Bytes) -> Bytes {
    heard.lock().expect("no panic").push(uri.path().to_owned());
    if uri.path() == decode::PATH {
        return "{\"code\":0,\"data\":{\"ecToken\":\"350000abc\"}}".into();
    }
    let Ok(request) = RequestEnvelope::parse(&body, stage::region()) else {
        return envelope::refusal(Code::BadParameter, "请求参数异常").into();
    };
    assert_eq!(request.org_id, "testOrgId");
    assert_eq!(request.timestamp, UnixMillis::new(stage::NOW));
    let plain = request.sealed.open(&key()).expect("opens");
    match uri.path() {
        status::PATH => {
            assert_eq!(plain.as_str(), "{\"token\":\"t\",\"orgCodg\":\"H35010000001\"}");
            envelope::success(&key(), b"{\"checkStas\":\"1\",\"resBizNo\":\"1\"}").into()
        }
        notify::PATH => envelope::refusal(Code::PasswordFree, Code::PasswordFree.message()).into(),
        _ => envelope::success(&Sm4Key::from_bytes(&[6; 16]), b"{}").into(),
    }
}

async fn set() -> (Institution, Heard) {
    let heard = Heard::default();
    let (listener, addr) = stage::listen().await;
    let router = Router::new().fallback(center).with_state(Arc::clone(&heard));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let time = Arc::new(AtomicI64::new(stage::NOW));
    let url = format!("http://{addr}/");
    let institution = Institution::new(&url, "testOrgId", key(), stage::region(), stage::clock(&time));
    (institution, heard)
}

#[tokio::test]
async fn calls_are_sealed_sent_and_opened() {
    let (institution, heard) = set().await;
    let draft = status::Draft { token: "t", org_code: "H35010000001", extended: None, wait_seconds: None };
    let called = institution.status(&draft).await.expect("an answer");
    assert!(called.status().expect("a status").confirmed);
    assert_eq!((called.code(), called.member("checkStas").as_deref()), (0, Some("1")));
    assert!(called.sent.contains("\"reqtType\":\"sys&350000\""));

    let draft = notify::Draft { token: "t", org_code: "H1", org_name: "医院", amount: Some("1.00") };
    let called = institution.notify(&draft).await.expect("a refusal is an answer");
    assert_eq!((called.code(), called.plain.is_none(), called.notice()), (500_320, true, None));

    let decoded = institution.decode("H35010000001", "01101", "424").await.expect("an answer");
    assert_eq!(decoded.token.expect("a token").as_str(), "350000abc");

    let raw = institution.raw(status::PATH, "nonsense").await.expect("an answer");
    assert!(raw.body.starts_with(b"{\"code\":-2,"));
    let paths = [status::PATH, notify::PATH, decode::PATH, status::PATH];
    assert_eq!(*heard.lock().expect("no panic"), paths);
}

#[tokio::test]
async fn what_cannot_be_opened_or_reached_is_an_error() {
    let (institution, _) = set().await;
    let error = institution.call("/other", "{}".to_owned()).await.expect_err("another key");
    assert!(error.to_string().starts_with("应答无法解密"), "{error}");
    let time = Arc::new(AtomicI64::new(stage::NOW));
    for (url, words) in [("http://127.0.0.1:1", "无法连接"), ("https://127.0.0.1", "仅支持 http")] {
        let nobody = Institution::new(url, "testOrgId", key(), stage::region(), stage::clock(&time));
        let error = nobody.call("/x", "{}".to_owned()).await.expect_err("nobody there").to_string();
        assert!(error.contains(words), "{error}");
    }
}
