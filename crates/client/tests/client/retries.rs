//! When a call is made again, where, and after how long; over a network that is played by a list.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use yanmi_client::config::Order;
use yanmi_client::gate::{Ask, Settlement};
use yanmi_client::transport::{Limits, RawAnswer, TransportError, Trouble};
use yanmi_client::visits::{NewVisit, Visits};
use yanmi_client::{
    Ambient, CenterClient, DecodeRequest, Desk, Failure, NoticeAnswer, PasswordQuestion, StatusQuery,
    Transport,
};
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_protocol::envelope::{self, RequestEnvelope};
use yanmi_protocol::{EcToken, PasswordDigest, QrCode, Region, Sm4Key, UnixMillis};

use crate::hands::{Hands, START};
use crate::site::{config, visits_in};

type Reply = Result<RawAnswer, TransportError>;

/// A network that answers from a list and takes a second for each answer.
#[derive(Debug)]
struct Played {
    hands: Hands,
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<(String, UnixMillis, Limits)>>,
}

fn key() -> Sm4Key {
    Sm4Key::from_ascii("yanmi-test-key-1").expect("a key")
}

impl Transport for Played {
    fn post(&self, url: &str, body: &str, limits: Limits) -> Reply {
        let region = Region::new("350000").expect("a region");
        let stamp =
            RequestEnvelope::parse(body.as_bytes(), region).map_or(UnixMillis::new(0), |e| e.timestamp);
        let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
        self.asked.lock().expect("no panic").push((host, stamp, limits));
        self.hands.forward(Duration::from_secs(1));
        self.replies.lock().expect("no panic").pop_front().expect("no more calls than told")
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what a network answers")]
fn with_body(body: String) -> Reply {
    Ok(RawAnswer { status: 200, server_time: None, retry_after: None, body: body.into_bytes() })
}

fn success(message: &str) -> Reply {
    with_body(envelope::success(&key(), message.as_bytes()))
}

fn refusal(code: i64, message: &str) -> Reply {
    with_body(format!("{{\"code\":{code},\"message\":\"{message}\",\"data\":{{}}}}"))
}

fn lost(may_have_arrived: bool) -> Reply {
    Err(TransportError { trouble: Trouble::Broken, may_have_arrived })
}

struct Play {
    hands: Hands,
    network: Arc<Played>,
    client: CenterClient,
}

fn play(replies: Vec<Reply>, change: impl FnOnce(&mut yanmi_client::ClientConfig)) -> Play {
    let hands = Hands::new();
    let network = Arc::new(Played {
        hands: hands.clone(),
        replies: Mutex::new(replies.into()),
        asked: Mutex::default(),
    });
    let urls = ["http://a", "http://b", "http://c"].map(str::to_owned).to_vec();
    let mut config = config(urls, key(), "his", Path::new(""));
    change(&mut config);
    let client = CenterClient::over(&config, Arc::new(hands.clone()), network.clone());
    Play { hands, network, client }
}

impl Play {
    fn hosts(&self) -> Vec<String> {
        self.network.asked.lock().expect("no panic").iter().map(|(host, ..)| host.clone()).collect()
    }

    fn status(&self) -> Result<yanmi_client::StatusAnswer, Failure> {
        let query = StatusQuery { token: token(), wait: None };
        self.client.status(query).map(|called| called.answer).map_err(|error| error.failure)
    }

    fn notify(&self) -> Result<NoticeAnswer, Failure> {
        self.client.notify(token(), None).map(|called| called.answer).map_err(|error| error.failure)
    }

    /// A desk whose visits are in this folder.
    fn desk(&self, folder: &Path) -> Desk {
        let ambient: Arc<dyn Ambient> = Arc::new(self.hands.clone());
        let visits = Visits::open(&visits_in(folder), Arc::clone(&ambient)).expect("a file");
        let config = config(vec!["http://a".to_owned()], key(), "his", folder);
        let client = CenterClient::over(&config, Arc::clone(&ambient), self.network.clone());
        Desk::of(client, visits, &config, ambient)
    }

    fn password(&self) -> Result<bool, Failure> {
        let question = PasswordQuestion {
            id_type: IdType::new("01").expect("a type"),
            request_serial: "1616654881967",
            password: &PasswordDigest::of("111111").expect("six digits"),
            user_name: "测试",
            id_no: "350501199911173510",
        };
        self.client.check_password(&question).map(|called| called.answer.right).map_err(|error| error.failure)
    }
}

fn token() -> EcToken {
    EcToken::new("T1").expect("a token")
}

const ZERO: &str = r#"{"checkStas":"0","resBizNo":"1"}"#;
const NOTIFIED: &str = r#"{"resBizNo":"161665488196720251123114400","notcFlag":"1"}"#;
const MILLIS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn a_status_query_goes_round_and_a_failing_address_is_left_alone() {
    let play = play(vec![lost(true), lost(false), success(ZERO), success(ZERO)], |_| {});
    assert!(play.status().is_ok());
    assert_eq!(play.hosts(), ["a", "b", "c"]);
    assert_eq!(play.hands.pauses(), [MILLIS(200), MILLIS(200)]);
    assert!(play.status().is_ok());
    assert_eq!(play.hosts()[3], "c", "a and b are left alone");
    play.hands.forward(Duration::from_secs(31));
    play.network.replies.lock().expect("no panic").push_back(success(ZERO));
    assert!(play.status().is_ok());
    assert_eq!(play.hosts()[4], "a", "until their time is up");
}

#[test]
fn a_refusal_without_words_gets_some() {
    for (code, message, words) in [
        (600_001, "", "中心拒绝了请求，未说明原因（600001）"),
        (404, "  ", "中心拒绝了请求，未说明原因（404）"),
        (500_084, "", "请求过于频繁,请稍后再试（500084）"),
        (600_001, "请升级", "请升级（600001）"),
    ] {
        let play = play(vec![refusal(code, message)], |_| {});
        let refused = play.status().expect_err("a refusal");
        assert_eq!(refused.to_string(), words);
        assert!(matches!(refused, Failure::Refused { code: told, .. } if told == code));
    }
    // As other servers write it.
    let bare = with_body(r#"{"code":"405","message":null,"data":null}"#.to_owned());
    let bare = bare.map(|answer| RawAnswer { status: 405, ..answer });
    let refused = play(vec![bare], |_| {}).notify().expect_err("a refusal");
    assert_eq!(refused.to_string(), "中心拒绝了请求，未说明原因（405）");
}

#[test]
fn rotation_begins_each_call_elsewhere() {
    let play = play((0..4).map(|_| success(ZERO)).collect(), |config| config.center.order = Order::Rotate);
    for _ in 0..4 {
        assert!(play.status().is_ok());
    }
    assert_eq!(play.hosts(), ["a", "b", "c", "a"]);
}

#[test]
fn a_notice_is_repeated_but_not_within_the_centers_pause() {
    let play = play(vec![lost(true), success(NOTIFIED)], |_| {});
    assert!(matches!(play.notify(), Ok(NoticeAnswer::Notified { .. })));
    // One of the 3.1 seconds went by in the attempt.
    assert_eq!(play.hands.pauses(), [MILLIS(2_100)]);
    let play = self::play(vec![lost(false), success(NOTIFIED)], |_| {});
    assert!(play.notify().is_ok());
    assert_eq!(play.hands.pauses(), [MILLIS(200)], "it has not arrived");
    // What the center decided is not asked for again.
    for code in [-4, -3, 500_084, 500_319, 500_321, 500_001, 500_320] {
        let play = self::play(vec![refusal(code, "…")], |_| {});
        let answer = play.notify();
        assert_eq!(matches!(answer, Ok(NoticeAnswer::PasswordFree)), code == 500_320, "{answer:?}");
    }
    let play = self::play(vec![refusal(-1, "未知异常"), success(NOTIFIED)], |_| {});
    assert!(play.notify().is_ok(), "a neighbor may be in order");
    assert_eq!(play.hosts(), ["a", "b"]);
}

#[test]
fn a_confirmation_between_two_requests_of_one_notice_counts() {
    let confirmed = |at: i64| {
        let until = START + 1_800_000;
        let more = format!(r#""stage":"confirmed","checkTime":"{at}","validUntil":"{until}""#);
        success(&format!(r#"{{"checkStas":"1","resBizNo":"1",{more}}}"#))
    };
    // The second request is answered four seconds after the first was sent.
    let late = success(r#"{"resBizNo":"161665488196720251123114404","notcFlag":"1"}"#);
    let settles = |replies: Vec<Reply>| {
        let (folder, play) = (tempfile::tempdir().expect("a folder"), play(replies, |_| {}));
        let desk = play.desk(folder.path());
        let id = desk.begin(&NewVisit::scanned(token())).expect("begun").id();
        let notice = desk.notify(id, None).expect("recorded");
        assert_eq!(notice.advice, None);
        let ask = Ask { kind: Settlement::Outpatient, amount: "1".parse().expect("an amount") };
        desk.gate(id, ask).expect("decided").settles()
    };
    assert!(settles(vec![lost(true), late.clone(), confirmed(START + 2_000)]));
    assert!(!settles(vec![lost(true), late.clone(), confirmed(START - 2_000)]), "before the first was sent");
    assert!(!settles(vec![late, confirmed(START + 2_000)]), "there was one request");
}

#[test]
fn a_password_is_never_tried_twice_by_us() {
    let right = r#"{"chkFlag":"1","resBizNo":"161665488196720251123114400"}"#;
    for unclear in [lost(true), refusal(-1, "未知异常"), with_body("<html>".to_owned())] {
        let play = play(vec![unclear], |_| {});
        assert!(play.password().is_err());
        assert_eq!(play.hosts(), ["a"]);
        assert!(play.network.asked.lock().expect("no panic")[0].2.fresh, "not over a kept connection");
    }
    let limited = Ok(RawAnswer {
        retry_after: Some(Duration::from_secs(2)),
        ..refusal(-6, "触发限流").expect("one")
    });
    let clock = refusal(-2, &format!("timestamp 超差，服务器时间为 {}", START + 3_600_000));
    let play = play(vec![lost(false), limited, clock, success(right)], |config| config.center.attempts = 3);
    assert_eq!(play.password(), Ok(true), "none of these began the check");
    assert_eq!(play.hands.pauses(), [MILLIS(200), MILLIS(2_000)]);

    let foreign = success(r#"{"chkFlag":"1","resBizNo":"999965488196720251123114400"}"#);
    assert!(matches!(self::play(vec![foreign], |_| {}).password(), Err(Failure::Foreign(_))));
    let empty = success(r#"{"resBizNo":"161665488196720251123114400"}"#);
    assert!(matches!(self::play(vec![empty], |_| {}).password(), Err(Failure::Member(_))));
}

#[test]
fn waiting_ends_with_the_deadline() {
    let limited = |seconds| {
        let reply = refusal(-6, "触发限流").expect("one");
        Ok(RawAnswer { retry_after: Some(Duration::from_secs(seconds)), ..reply })
    };
    let play = play(vec![limited(60)], |_| {});
    assert!(matches!(play.status(), Err(Failure::Refused { code: -6, .. })), "a minute is too long");
    assert!(play.hands.pauses().is_empty());
    let play = self::play(vec![limited(5), limited(5), success(ZERO)], |_| {});
    assert!(play.status().is_ok());
    assert_eq!(play.hands.pauses(), [Duration::from_secs(5), Duration::from_secs(5)]);
    let play = self::play(vec![limited(1), limited(1), limited(1)], |_| {});
    assert!(play.status().is_err(), "three attempts are enough");
    // The last attempt has only what is left of the call's time.
    let play = self::play(vec![limited(14), success(ZERO)], |_| {});
    assert!(play.status().is_ok());
    let asked = play.network.asked.lock().expect("no panic");
    assert_eq!(asked[1].2.whole, Duration::from_secs(5));
}

#[test]
fn the_clock_is_corrected_once_and_forgotten_when_it_was_set() {
    let told = |millis: i64| refusal(-2, &format!("请求参数异常：timestamp 超差，服务器时间为 {millis}"));
    let play = play(vec![told(START + 900_000), told(START + 900_000)], |_| {});
    assert!(matches!(play.status(), Err(Failure::Refused { code: -2, .. })), "not for ever");
    let stamps: Vec<UnixMillis> =
        play.network.asked.lock().expect("no panic").iter().map(|asked| asked.1).collect();
    assert_eq!(stamps[0], UnixMillis::new(START));
    // Learned after the second the answer took.
    assert_eq!(stamps[1], UnixMillis::new(START + 900_000));
    assert_eq!(play.client.drift().expect("known").seconds(), 898);

    let dated = |millis| {
        let reply = success(ZERO).expect("one");
        Ok(RawAnswer { server_time: Some(UnixMillis::new(millis)), ..reply })
    };
    let play = self::play(vec![dated(START + 400_000), dated(START)], |_| {});
    assert!(play.status().is_ok());
    let drift = play.client.drift().expect("warned before it is refused");
    assert_eq!((drift.seconds(), drift.compensated), (399, false));
    play.hands.set_clock(START);
    assert!(play.status().is_ok());
    assert_eq!(play.client.drift(), None);
    // Another member that is wrong is not about the clock.
    let play = self::play(vec![refusal(-2, "请求参数异常：token 缺失或为空")], |_| {});
    assert!(play.status().is_err());
    assert_eq!(play.client.drift(), None);
}

#[test]
fn an_old_serial_and_a_flag_that_is_missing() {
    let old = r#"{"resBizNo":"161665488196720210609155618","notcFlag":"1"}"#;
    assert!(matches!(play(vec![success(old)], |_| {}).notify(), Err(Failure::Foreign(_))));
    let flagless = r#"{"resBizNo":"161665488196720251123114400"}"#;
    assert!(matches!(play(vec![success(flagless)], |_| {}).notify(), Err(Failure::Member(_))));
    let zero = r#"{"resBizNo":"161665488196720251123114400","notcFlag":"0"}"#;
    assert!(matches!(play(vec![success(zero)], |_| {}).notify(), Ok(NoticeAnswer::NotNotified { .. })));
}

#[test]
fn decoding_takes_what_the_field_sends() {
    let request = DecodeRequest {
        qr_code: QrCode::new("4243754826492874240001130000").expect("a QR code"),
        business: BusinessType::SETTLEMENT,
        operator_id: "001",
        operator_name: "经办人",
        office_id: "01",
        office_name: "收费处",
    };
    let quoted = r#"{"code":0,"data":"{\"ecToken\":\"T9\",\"email\":\"null\",\"authNo\":null}"}"#;
    let play = play(vec![with_body(quoted.to_owned())], |_| {});
    let decoded = play.client.decode(&request).expect("decoded").answer;
    assert_eq!((decoded.ec_token.as_deref(), decoded.email), (Some("T9"), None));
    for (body, foreign) in [
        (r#"{"code":0,"data":{"ecToken":"T9","ecQrCode":"4240000000000000000001130000"}}"#, true),
        (r#"{"code":0,"data":{"userName":"测试"}}"#, false),
        (r#"{"code":0}"#, false),
        (r#"{"message":"请使用医保电子凭证二维码","success":false,"code":500159}"#, false),
    ] {
        let play = self::play(vec![with_body(body.to_owned())], |_| {});
        let failure = play.client.decode(&request).expect_err(body).failure;
        assert_eq!(matches!(failure, Failure::Foreign(_)), foreign, "{body}: {failure:?}");
    }
    assert_eq!(play.hands.elapsed(), Duration::from_secs(1));
}

#[test]
fn a_hasty_clerk_waits_for_the_rest_of_the_centers_pause() {
    let folder = tempfile::tempdir().expect("a folder");
    let replies = [
        success(NOTIFIED),
        refusal(500_084, "请求过于频繁"),
        success(NOTIFIED),
        refusal(500_042, "没有密码"),
    ];
    let play = play([&replies[..], &[success(NOTIFIED), success(NOTIFIED)]].concat(), |_| {});
    let desk = || play.desk(folder.path());
    let first = desk();
    let new = NewVisit::scanned(token());
    let id = first.begin(&new).expect("begun").id();
    let send = |desk: &Desk| {
        desk.notify(id, None).expect("recorded");
        play.hands.pauses()
    };
    assert_eq!(send(&first).len(), 0, "the first one waits for nothing");
    // An answer takes a second, and the center took the notice no later than it answered.
    assert_eq!(send(&first), [MILLIS(3_100)]);
    play.hands.forward(MILLIS(2_000));
    drop(first);
    // What the center refused as hasty is not taken, but tells that there was one; a restart forgets none of it.
    let second = desk();
    assert_eq!(send(&second), [MILLIS(1_100)]);
    assert_eq!(send(&second), [MILLIS(3_100)]);
    assert_eq!(send(&second).len(), 0, "nobody waits for one that was refused for something else");
    // A clock that is set back makes nobody wait longer.
    play.hands.set_clock(play.hands.now().get() - 60_000);
    assert_eq!(send(&second), [MILLIS(3_100)]);
}
