//! Over real sockets on loopback.

use std::sync::Mutex;

use yanmi_protocol::envelope::{self, RequestEnvelope, proven_refusal, proven_success};
use yanmi_protocol::message::channel_notice::{Kind, Way};
use yanmi_protocol::{Amount, Code, EcToken, NoticeNo, OrgCode, UnixMillis};

use super::super::lane::LaneSettings;
use super::*;
use crate::outbound::peer::{Act, Asked, Peer, nobody};
use crate::outbound::{AllowList, OutboundSettings};
use crate::ports::Network;

/// Long enough for anything that is not about deadlines.
const AMPLE: Duration = Duration::from_secs(20);
/// Where a deadline itself is the subject.
const SHORT: Duration = Duration::from_millis(100);
const NOW: UnixMillis = UnixMillis::new(1_623_225_113_340);

fn key() -> Sm4Key {
    Sm4Key::from_bytes(b"yanmi-test-key-1")
}

fn region() -> Region {
    Region::new("350000").expect("a region")
}

fn deliverer(settings: DeliverySettings) -> Deliverer {
    let allow = AllowList::parse(["127.0.0.1"]).expect("a list");
    let outbound = Outbound::new(OutboundSettings { allow, roots: None, network: Network::system() });
    Deliverer::new(outbound.expect("no roots"), Clock::new(|| NOW), region(), "center", settings)
}

/// Three attempts, a moment apart.
fn quick() -> Deliverer {
    let pause = Duration::from_millis(1);
    deliverer(DeliverySettings { attempts: 3, first_pause: pause, longest_pause: pause })
}

fn endpoint(url: http::Uri) -> Endpoint {
    let lane = LaneSettings { in_flight: 2, failures: 2, open_for: Duration::from_secs(30) };
    let id = ChannelId::new("A1B2C3D4E5F60718293A4B5C6D7E8F90").expect("a channel");
    Endpoint { id, url, key: key(), mac: MacRule::Optional, lane: Arc::new(Lane::new(lane)) }
}

fn notice() -> Notice {
    Notice {
        sequence: 1,
        kind: Kind::Notice,
        number: NoticeNo::new("1616654881967").expect("a number"),
        channel: ChannelId::new("A1B2C3D4E5F60718293A4B5C6D7E8F90").expect("a channel"),
        token: EcToken::new("630000ec7ioqup8p1o0761820a0000f1f8b13d").expect("a token"),
        index: None,
        masked_name: "*试".to_owned(),
        org_code: OrgCode::new("H35010000001").expect("a code"),
        org_name: "福州示范医院".to_owned(),
        amount: Some("128.50".parse::<Amount>().expect("an amount")),
        at: NOW,
        expires_at: NOW.plus(Duration::from_mins(5)),
        ways: vec![Way::CredentialPassword],
        url: None,
    }
}

fn taken() -> Act {
    Act::Answer(200, envelope::success(&key(), channel_notice::received_json().as_bytes()))
}

/// What becomes of a delivery to a channel that acts like this, and how many requests it took.
async fn outcome(
    act: impl Fn(Asked) -> Act + Send + Sync + 'static,
) -> (Result<Reception, DeliveryFailure>, usize) {
    let peer = Peer::start(act).await;
    let outcome = quick().deliver(&endpoint(peer.url("/notice")), &notice(), AMPLE).await;
    (outcome, peer.requests())
}

#[tokio::test]
async fn the_channel_gets_the_notice_in_an_envelope_of_its_own_account() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&got);
    let (outcome, requests) = outcome(move |asked| {
        keep.lock().expect("unbroken").push(asked.body);
        taken()
    })
    .await;
    assert_eq!((outcome, requests), (Ok(Reception::Asked), 1));
    let body = got.lock().expect("unbroken").remove(0);
    let request = RequestEnvelope::parse(&body, region()).expect("an envelope");
    assert_eq!((&*request.org_id, request.timestamp), ("A1B2C3D4E5F60718293A4B5C6D7E8F90", NOW));
    assert!(String::from_utf8_lossy(&body).contains("\"reqtType\":\"center&350000\""));
    let plain = request.sealed.open(&key()).expect("opens");
    let read = Notice::read(&plain.members().expect("an object")).expect("a notice");
    assert_eq!(read.to_json(), notice().to_json());
}

#[tokio::test]
async fn a_connection_error_and_a_5xx_are_tried_again_with_the_same_notice() {
    for trouble in [Act::Reset, Act::Answer(500, String::new()), Act::Answer(503, "busy".to_owned())] {
        let numbers = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&numbers);
        let (outcome, requests) = outcome(move |asked| {
            let request = RequestEnvelope::parse(&asked.body, region()).expect("an envelope");
            let plain = request.sealed.open(&key()).expect("opens");
            let read = Notice::read(&plain.members().expect("an object")).expect("a notice");
            keep.lock().expect("unbroken").push(read.number);
            if asked.nth < 2 { trouble.clone() } else { taken() }
        })
        .await;
        assert_eq!((outcome, requests), (Ok(Reception::Asked), 3));
        assert_eq!(*numbers.lock().expect("unbroken"), vec![notice().number; 3]);
    }
}

#[tokio::test]
async fn attempts_are_bounded() {
    let (failure, requests) = outcome(|_| Act::Answer(502, String::new())).await;
    assert_eq!((failure, requests), (Err(DeliveryFailure::ServerError { status: 502 }), 3));
    let (failure, requests) = outcome(|_| Act::Reset).await;
    assert_eq!((failure, requests), (Err(DeliveryFailure::Unreachable), 3));
    let to = endpoint(format!("http://{}/", nobody().await).parse().expect("a URL"));
    assert_eq!(quick().deliver(&to, &notice(), AMPLE).await, Err(DeliveryFailure::Unreachable));
}

#[tokio::test]
async fn no_pause_goes_past_the_deadline() {
    let peer = Peer::start(|_| Act::Answer(500, String::new())).await;
    let hour = Duration::from_hours(1);
    let patient = deliverer(DeliverySettings { attempts: 9, first_pause: hour, longest_pause: hour });
    let failure = patient.deliver(&endpoint(peer.url("/")), &notice(), AMPLE).await;
    assert_eq!(failure, Err(DeliveryFailure::ServerError { status: 500 }));
    assert_eq!(peer.requests(), 1);
}

#[test]
fn pauses_grow_up_to_a_bound() {
    let settings = DeliverySettings::default();
    let mut pause = settings.first_pause;
    let pauses: Vec<u128> = (0..6)
        .map(|_| {
            let this = pause.as_millis();
            pause = next_pause(pause, settings.longest_pause);
            this
        })
        .collect();
    assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000]);
}

#[tokio::test]
async fn a_timeout_is_not_tried_again() {
    let peer = Peer::start(|_| Act::Hang).await;
    let to = endpoint(peer.url("/"));
    assert_eq!(quick().deliver(&to, &notice(), SHORT).await, Err(DeliveryFailure::TimedOut));
    // None at all where the machine was too slow to send one.
    assert!(peer.requests() <= 1);
    assert_eq!(to.lane.in_flight(), 0);
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_not_tried_again() {
    let flag = |text: &str| Act::Answer(200, envelope::success(&key(), text.as_bytes()));
    let refusal = |status, message: &str| {
        let body = serde_json::json!({ "code": 500_093, "message": message, "data": {} });
        Act::Answer(status, body.to_string())
    };
    let long = "长".repeat(MAX_REASON + 1);
    for (act, reason, words) in [
        (refusal(200, "用户已注销"), "用户已注销", "用户已注销"),
        (refusal(400, "用户已注销"), "用户已注销", "用户已注销"),
        (refusal(200, " 用户\u{202E}已\r\n注销 "), "用户已注销", "用户已注销"),
        (refusal(200, &long), &long[3..], &long[3..]),
        (refusal(200, ""), "", "渠道应用未接收通知"),
        (flag("{\"rcvFlag\":\"0\"}"), "", "渠道应用未接收通知"),
        (flag("{\"rcvFlag\":\"yes\"}"), "", "渠道应用未接收通知"),
        (flag("{}"), "", "渠道应用未接收通知"),
    ] {
        let (failure, requests) = outcome(move |_| act.clone()).await;
        let failure = failure.expect_err("refused");
        assert_eq!(failure, DeliveryFailure::Refused { reason: reason.to_owned() });
        assert_eq!((&*failure.reason(), requests), (words, 1));
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_bad_answer() {
    let other = Sm4Key::from_bytes(&[9; 16]);
    let stranger = envelope::success(&other, channel_notice::received_json().as_bytes());
    for act in [
        Act::Answer(200, "<html>".to_owned()),
        Act::Answer(200, "{\"code\":0}".to_owned()),
        Act::Answer(200, stranger),
        Act::Answer(404, "not here".to_owned()),
        Act::Answer(302, String::new()),
        Act::Raw(b"\0\0\0".to_vec()),
        Act::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
        Act::Answer(200, "x".repeat(outbound::MAX_ANSWER_BYTES + 1)),
    ] {
        let (failure, requests) = outcome(move |_| act.clone()).await;
        assert_eq!((failure, requests), (Err(DeliveryFailure::BadAnswer), 1));
    }
}

#[tokio::test]
async fn a_channel_that_keeps_failing_is_skipped() {
    let peer = Peer::start(|_| Act::Answer(200, "nonsense".to_owned())).await;
    let to = endpoint(peer.url("/"));
    for expected in [DeliveryFailure::BadAnswer, DeliveryFailure::BadAnswer, DeliveryFailure::Resting] {
        assert_eq!(quick().deliver(&to, &notice(), AMPLE).await, Err(expected));
    }
    assert_eq!(peer.requests(), 2);
    assert_eq!(to.lane.open_until(), Some(NOW.plus(Duration::from_secs(30))));
}

#[tokio::test]
async fn refusals_do_not_close_a_channel() {
    let peer = Peer::start(|_| Act::Answer(200, "{\"code\":1}".to_owned())).await;
    let to = endpoint(peer.url("/"));
    for _ in 0..5 {
        let failure = quick().deliver(&to, &notice(), AMPLE).await.expect_err("refused");
        assert_eq!(failure.kind(), Undelivered::Refused);
    }
    assert_eq!(peer.requests(), 5);
}

#[tokio::test]
async fn a_hanging_channel_holds_no_more_than_its_lane() {
    let hanging = Peer::start(|_| Act::Hang).await;
    let healthy = Peer::start(|_| taken()).await;
    let deliverer = quick();
    let to = Arc::new(endpoint(hanging.url("/")));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (deliverer, to) = (deliverer.clone(), Arc::clone(&to));
        calls.spawn(async move { deliverer.deliver(&to, &notice(), AMPLE).await });
    }
    while to.lane.in_flight() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(deliverer.deliver(&to, &notice(), AMPLE).await, Err(DeliveryFailure::Busy));
    assert_eq!(deliverer.deliver(&endpoint(healthy.url("/")), &notice(), AMPLE).await, Ok(Reception::Asked));
    // Abandoned calls give their places back and do not count against the channel.
    calls.shutdown().await;
    assert_eq!((to.lane.in_flight(), to.lane.open_until()), (0, None));
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_not_called_and_not_the_channels_fault() {
    let to = endpoint("http://10.0.0.1/notice".parse().expect("a URL"));
    for _ in 0..3 {
        let failure = quick().deliver(&to, &notice(), AMPLE).await;
        assert_eq!(failure, Err(DeliveryFailure::AddressRefused));
    }
}

#[test]
fn every_kind_has_a_code_of_its_own_and_words() {
    let failures = [
        DeliveryFailure::Unreachable,
        DeliveryFailure::TimedOut,
        DeliveryFailure::Refused { reason: String::new() },
        DeliveryFailure::ServerError { status: 503 },
        DeliveryFailure::BadAnswer,
        DeliveryFailure::Busy,
        DeliveryFailure::Resting,
        DeliveryFailure::AddressRefused,
    ];
    assert_eq!(failures.len(), Undelivered::ALL.len());
    for failure in failures {
        assert_eq!(Undelivered::from_code(failure.code()), Some(failure.kind()));
        assert!(!failure.reason().is_empty());
    }
    assert_eq!(Undelivered::from_code(""), None);
}

#[test]
fn an_endpoint_shows_neither_key_nor_path() {
    let to = endpoint("http://127.0.0.1:8359/notice?secret=1".parse().expect("a URL"));
    let shown = format!("{to:?}");
    assert!(shown.contains("127.0.0.1"), "{shown}");
    assert!(!shown.contains("secret") && !shown.contains("kcv"), "{shown}");
}

/// The mac a notice had, and the key it was made with.
fn mac_of(asked: &Asked) -> String {
    let request = RequestEnvelope::parse(&asked.body, region()).expect("an envelope");
    assert!(request.is_proven("/notice", &key()), "every notice has the mac of its address's path");
    request.mac.expect("a mac").into_owned()
}

/// What a proxy of the channel makes of the path is no matter: the mac is about the one that is registered.
#[tokio::test]
async fn a_mac_is_about_the_path_that_is_registered_without_its_query() {
    for (registered, path) in [
        ("/bank/ec/notice", "/bank/ec/notice"),
        ("/bank/ec/notice?tenant=7", "/bank/ec/notice"),
        ("/%E9%80%9A%E7%9F%A5/", "/%E9%80%9A%E7%9F%A5/"),
        ("", "/"),
    ] {
        let peer = Peer::start(move |asked| {
            let request = RequestEnvelope::parse(&asked.body, region()).expect("an envelope");
            assert!(request.is_proven(path, &key()), "{registered}");
            assert!(!request.is_proven("/notice", &key()), "{registered}");
            let mac = request.mac.expect("a mac");
            Act::Answer(200, proven_success(&key(), &mac, channel_notice::received_json().as_bytes()))
        })
        .await;
        let to = Endpoint { mac: MacRule::Required, ..endpoint(peer.url(registered)) };
        assert_eq!(quick().deliver(&to, &notice(), AMPLE).await, Ok(Reception::Asked), "{registered}");
    }
}

#[tokio::test]
async fn an_answer_is_believed_by_its_mac() {
    /// What is answered, by the mac of the notice and the message that says that it was taken.
    type Answer = fn(&str, &[u8]) -> String;
    let answers: [(&str, Answer); 4] = [
        ("none", |_, received| envelope::success(&key(), received)),
        ("right", |mac, received| proven_success(&key(), mac, received)),
        ("of another notice", |_, received| proven_success(&key(), &"0".repeat(64), received)),
        ("a refusal", |mac, _| proven_refusal(&key(), mac, Code::NoticeFailed, "不收")),
    ];
    let refused = DeliveryFailure::Refused { reason: "不收".to_owned() };
    for (rule, expected) in [
        (
            MacRule::Optional,
            [
                Ok(Reception::Asked),
                Ok(Reception::Asked),
                Err(DeliveryFailure::BadAnswer),
                Err(refused.clone()),
            ],
        ),
        (
            MacRule::Required,
            [
                Err(DeliveryFailure::BadAnswer),
                Ok(Reception::Asked),
                Err(DeliveryFailure::BadAnswer),
                Err(refused),
            ],
        ),
    ] {
        for ((name, write), expected) in answers.into_iter().zip(expected) {
            let peer = Peer::start(move |asked| {
                let received = channel_notice::received_json().as_bytes();
                Act::Answer(200, write(&mac_of(&asked), received))
            })
            .await;
            let to = Endpoint { mac: rule, ..endpoint(peer.url("/notice")) };
            assert_eq!(quick().deliver(&to, &notice(), AMPLE).await, expected, "{rule:?} {name}");
        }
    }
    // A refusal anybody can write counts only where no mac is wanted.
    let peer = Peer::start(|_| Act::Answer(200, envelope::refusal(Code::NoticeFailed, "不收"))).await;
    let to = Endpoint { mac: MacRule::Required, ..endpoint(peer.url("/notice")) };
    assert_eq!(quick().deliver(&to, &notice(), AMPLE).await, Err(DeliveryFailure::BadAnswer));
}
