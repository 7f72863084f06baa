//! Over real sockets on loopback.

use std::sync::Arc;

use yanmi_protocol::envelope::{self, RequestEnvelope, proven_success};
use yanmi_protocol::message::national::{Details, PersonStatus};
use yanmi_protocol::{ChannelId, PasswordDigest, UnixMillis};

use super::*;
use crate::outbound::peer::{Act, Asked, Peer, nobody};
use crate::outbound::{AllowList, OutboundSettings};
use crate::ports::Network;

/// Long enough for anything that is not about deadlines.
const AMPLE: Duration = Duration::from_secs(20);
const NOW: UnixMillis = UnixMillis::new(1_623_225_113_340);

fn key() -> Sm4Key {
    Sm4Key::from_bytes(b"yanmi-test-key-1")
}

fn region() -> Region {
    Region::new("350000").expect("a region")
}

fn token() -> EcToken {
    EcToken::new("630000ec7ioqup8p1o0761820a0000f1f8b13d").expect("a token")
}

fn center_at(url: &str, timeout: Duration) -> Result<NationalCenter, CallError> {
    center_with(url, timeout, MacUse::Auto)
}

fn center_with(url: &str, timeout: Duration, mac: MacUse) -> Result<NationalCenter, CallError> {
    let allow = AllowList::parse(["127.0.0.1"]).expect("a list");
    let outbound = Outbound::new(OutboundSettings { allow, roots: None, network: Network::system() });
    let settings = NationalSettings {
        url: url.parse().expect("a URL"),
        org_id: AccountId::new("center-350000").expect("an account"),
        key: key(),
        prefix: "center".to_owned(),
        mac,
        timeout,
        in_flight: 1,
    };
    NationalCenter::new(outbound.expect("no roots"), Clock::new(|| NOW), region(), settings)
}

fn center_of(peer: &Peer) -> NationalCenter {
    center_at(&format!("http://{}/natl/", peer.address), AMPLE).expect("allowed")
}

fn credential() -> Credential {
    Credential {
        token: token(),
        index: None,
        user_name: Some("测试".to_owned()),
        id_type: Some("01".to_owned()),
        id_no: Some("350501199911173510".to_owned()),
        insured_place: Some("350100".to_owned()),
        channel: ChannelId::new("A1B2C3D4E5F60718293A4B5C6D7E8F90").expect("a channel"),
        active: true,
        person: PersonStatus::InOrder,
        authorized: true,
        password_set: true,
        decoded_at: NOW,
        details: Details::default(),
    }
}

fn sealed(text: &str) -> Act {
    Act::Answer(200, envelope::success(&key(), text.as_bytes()))
}

fn refusal(code: i64) -> Act {
    Act::Answer(200, format!("{{\"code\":{code},\"message\":\"测试 350501199911173510\",\"data\":{{}}}}"))
}

/// Path and plain text of a question, checked to be sealed by the center's account.
fn question(asked: &Asked) -> (String, String) {
    let request = RequestEnvelope::parse(&asked.body, region()).expect("an envelope");
    assert_eq!((&*request.org_id, request.timestamp), ("center-350000", NOW));
    let plain = request.sealed.open(&key()).expect("opens");
    let path = asked.head.split(' ').nth(1).expect("a path").to_owned();
    (path, plain.as_str().to_owned())
}

#[tokio::test]
async fn four_questions_are_asked_and_answered() {
    let peer = Peer::start(|asked| {
        let (path, text) = question(&asked);
        let members = Members::parse(&text).expect("an object");
        match path.as_str() {
            "/natl/cfc/api/natl/tokenQuery" => {
                assert_eq!(message::read_token_question(&members).expect("a question"), token());
                sealed(&credential().to_json())
            }
            "/natl/cfc/api/natl/qrCodeQuery" => {
                let code = message::read_qr_code_question(&members).expect("a question");
                assert_eq!(code.as_str(), "4243754826492874240001130000");
                assert!(text.contains("H35010000001") && text.contains("01301"), "{text}");
                sealed(&credential().to_json())
            }
            "/natl/cfc/api/natl/pwdCheck" => {
                let question = PasswordQuestion::read(&members).expect("a question");
                sealed(message::check_answer(question.id_no == "350501199911173510"))
            }
            "/natl/cfc/api/natl/authNoCheck" => {
                let (auth_no, index) = message::read_face_question(&members).expect("a question");
                sealed(message::check_answer(auth_no.as_str().starts_with("ano") && index.is_none()))
            }
            other => panic!("unknown path {other}"),
        }
    })
    .await;
    let center = center_of(&peer);
    let known = center.credential_of_token(&Share::default(), token()).await.expect("a credential");
    assert_eq!(known.to_json(), credential().to_json());
    let qr_code = QrCode::new("4243754826492874240001130000").expect("a code");
    let org_code = OrgCode::new("H35010000001").expect("a code");
    let decoded =
        center.credential_of_qr_code(&Share::default(), qr_code, org_code, BusinessType::SETTLEMENT).await;
    assert_eq!(decoded.expect("a credential").to_json(), credential().to_json());
    for (id_no, right) in [("350501199911173510", true), ("350501199911173511", false)] {
        let question = PasswordQuestion {
            id_type: "01".to_owned(),
            id_no: id_no.to_owned(),
            user_name: "测试".to_owned(),
            password: PasswordDigest::from_hex(&"AB".repeat(32)).expect("a digest"),
        };
        assert_eq!(center.password_right(&Share::default(), question).await, Ok(right));
    }
    for (auth_no, valid) in [("ano3754826492874240001130000", true), ("xyz", false)] {
        let auth_no = AuthNo::new(auth_no).expect("a number");
        assert_eq!(center.face_valid(&Share::default(), auth_no, None).await, Ok(valid));
    }
}

#[tokio::test]
async fn only_what_says_something_about_the_person_is_passed_on() {
    for code in Code::ALL.into_iter().filter(|code| *code != Code::Success) {
        let number = i64::from(code.number());
        let peer = Peer::start(move |_| refusal(number)).await;
        let error =
            center_of(&peer).credential_of_token(&Share::default(), token()).await.expect_err("refused");
        let expected = if PASSED_ON.contains(&code) {
            NationalError::Refused(code)
        } else {
            NationalError::Failed(format!("对方以返回码 {code} 拒绝"))
        };
        assert_eq!(error, expected);
        assert_eq!(peer.requests(), 1, "a refusal is an answer");
    }
    let numbers = PASSED_ON.map(Code::number);
    assert!(numbers.iter().all(|n| *n > 500_000), "nothing of the envelope's own codes: {numbers:?}");
}

#[tokio::test]
async fn what_is_not_an_answer_to_the_question_is_not_believed() {
    let mut others = credential();
    others.token = EcToken::new("ADBHJRS5I01E0F3438C00000B959FA88").expect("a token");
    let cases = [
        (sealed(&others.to_json()), "应答的 ecToken 不是所查询的令牌"),
        (sealed("{}"), "应答明文 ecToken 缺失或为空"),
        (Act::Answer(500, String::new()), "HTTP 状态 500"),
        (Act::Answer(302, String::new()), "HTTP 状态 302"),
        (Act::Answer(200, "<html>测试".to_owned()), "报文不是合法的 JSON：像是网页或 XML"),
        (refusal(424_242), "对方以返回码 424242 拒绝"),
        (Act::Raw(b"garbage\r\n\r\n".to_vec()), "应答不是 HTTP 报文"),
        (Act::Answer(200, "x".repeat(outbound::MAX_ANSWER_BYTES + 1)), "应答超过 65536 字节"),
    ];
    for (act, cause) in cases {
        let peer = Peer::start(move |_| act.clone()).await;
        let error =
            center_of(&peer).credential_of_token(&Share::default(), token()).await.expect_err("not believed");
        assert_eq!(error, NationalError::Failed(cause.to_owned()));
        assert_eq!(peer.requests(), 1, "{cause}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_once_more() {
    let peer = Peer::start(|asked| match asked.nth {
        0 => Act::Reset,
        _ => sealed(&credential().to_json()),
    })
    .await;
    assert!(center_of(&peer).credential_of_token(&Share::default(), token()).await.is_ok());
    assert_eq!(peer.requests(), 2);
    let peer = Peer::start(|_| Act::Reset).await;
    let error = center_of(&peer).credential_of_token(&Share::default(), token()).await.expect_err("reset");
    assert_eq!(error, NationalError::Failed("连接在应答之前断开".to_owned()));
    assert_eq!(peer.requests(), 2);
    let center = center_at(&format!("http://{}", nobody().await), AMPLE).expect("allowed");
    let error = center.credential_of_token(&Share::default(), token()).await.expect_err("nobody there");
    assert_eq!(error, NationalError::Failed("无法建立连接".to_owned()));
}

#[tokio::test]
async fn silence_is_a_timeout_and_more_questions_than_allowed_are_refused() {
    let peer = Peer::start(|_| Act::Hang).await;
    let center = center_at(&format!("http://{}", peer.address), Duration::from_millis(100)).expect("allowed");
    assert_eq!(
        center.credential_of_token(&Share::default(), token()).await.err(),
        Some(NationalError::TimedOut)
    );
    assert!(peer.requests() <= 1);
    let center = Arc::new(center_of(&peer));
    let asking = Arc::clone(&center);
    let call = tokio::spawn(async move { asking.credential_of_token(&Share::default(), token()).await });
    while center.places.taken() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        center.face_valid(&Share::default(), AuthNo::new("ano1").expect("a number"), None).await,
        Err(NationalError::Busy)
    );
    call.abort();
    assert!(call.await.expect_err("abandoned").is_cancelled());
    assert_eq!(center.places.taken(), 0);
}

#[test]
fn the_address_is_checked_at_the_start_and_its_path_kept() {
    for (url, error) in [
        ("http://10.0.0.1/", CallError::AddressRefused),
        ("/natl", CallError::BadUrl("应以 http:// 或 https:// 开头")),
    ] {
        assert_eq!(center_at(url, AMPLE).err(), Some(error), "{url}");
    }
    for (base, url) in [
        ("http://127.0.0.1:1", "http://127.0.0.1:1/cfc/api/natl/pwdCheck"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1/cfc/api/natl/pwdCheck"),
        ("https://natl.test/a/b/?q", "https://natl.test/a/b/cfc/api/natl/pwdCheck"),
    ] {
        assert_eq!(center_at(base, AMPLE).expect("allowed").urls.password.to_string(), url);
    }
}

/// Answers every question about a face with yes, with a mac from the second on.
async fn told_by(mac: MacUse, proving: fn(usize) -> bool) -> Vec<Result<bool, NationalError>> {
    let peer = Peer::start(move |asked| {
        let request = RequestEnvelope::parse(&asked.body, region()).expect("an envelope");
        let right = message::check_answer(true).as_bytes();
        Act::Answer(
            200,
            match request.mac.as_deref().filter(|_| proving(asked.nth)) {
                Some(mac) => {
                    assert!(request.is_proven(FACE_PATH, &key()));
                    proven_success(&key(), mac, right)
                }
                None => envelope::success(&key(), right),
            },
        )
    })
    .await;
    let center = center_with(&format!("http://{}/natl/", peer.address), AMPLE, mac).expect("allowed");
    let number = AuthNo::new("0123456789").expect("a number");
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(center.face_valid(&Share::default(), number, None).await);
    }
    told
}

#[tokio::test]
async fn once_an_answer_had_a_mac_all_have_to() {
    let without = || Err(NationalError::Failed("应答没有 mac".to_owned()));
    let never = |_| false;
    let second_only = |nth| nth == 1;
    assert_eq!(told_by(MacUse::Auto, never).await, [Ok(true), Ok(true), Ok(true)]);
    assert_eq!(told_by(MacUse::Auto, second_only).await, [Ok(true), Ok(true), without()]);
    assert_eq!(told_by(MacUse::Always, second_only).await, [without(), Ok(true), without()]);
    assert_eq!(told_by(MacUse::Never, |_| true).await, [Ok(true), Ok(true), Ok(true)]);
}
