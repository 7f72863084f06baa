//! What is believed of an answer with a mac, without one, and with a wrong one (E13), over a line that does as told.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use yanmi_client::config::MacUse;
use yanmi_client::gate::{Ask, Settlement, StatusOutcome};
use yanmi_client::transport::{Limits, RawAnswer, TransportError};
use yanmi_client::visits::{NewVisit, Visits};
use yanmi_client::{
    Ambient, CenterClient, Desk, Failure, NoticeAnswer, StatusAnswer, StatusQuery, Transport,
};
use yanmi_protocol::envelope::{self, Answer, RequestEnvelope};
use yanmi_protocol::message::{notify, status};
use yanmi_protocol::{Code, EcToken, Region, Sm4Key, UnixMillis};

use crate::hands::{Hands, START};
use crate::site::{config, visits_in};

fn key() -> Sm4Key {
    Sm4Key::from_ascii("yanmi-test-key-1").expect("a key")
}

/// Makes an answer's body from the path and the mac of its request.
type Say = Box<dyn Fn(&str, Option<&str>) -> String + Send>;

/// A line that answers by what it is told at the moment.
struct Line(Mutex<Say>);

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl Transport for Line {
    fn post(&self, url: &str, body: &str, _: Limits) -> Result<RawAnswer, TransportError> {
        let region = Region::new("350000").expect("a region");
        let request = RequestEnvelope::parse(body.as_bytes(), region).expect("an envelope");
        let path = url.trim_start_matches("http://a");
        assert!(request.mac.is_none() || request.is_proven(path, &key()), "a right mac or none");
        let body = (self.0.lock().expect("no panic"))(path, request.mac.as_deref());
        Ok(RawAnswer { status: 200, server_time: None, retry_after: None, body: body.into_bytes() })
    }
}

struct Play {
    hands: Hands,
    line: Arc<Line>,
    client: CenterClient,
}

fn play(mac: MacUse) -> Play {
    let hands = Hands::new();
    let line = Arc::new(Line(Mutex::new(Box::new(|_, _| String::new()))));
    let mut config = config(vec!["http://a".to_owned()], key(), "his", Path::new(""));
    config.center.mac = mac;
    let client = CenterClient::over(&config, Arc::new(hands.clone()), line.clone());
    Play { hands, line, client }
}

const ONE: &str = r#"{"checkStas":"1","resBizNo":"1"}"#;
const ZERO: &str = r#"{"checkStas":"0","resBizNo":"1"}"#;

fn proven(plain: &'static str) -> Say {
    Box::new(move |_, mac| envelope::proven_success(&key(), mac.expect("a mac"), plain.as_bytes()))
}

fn bare(plain: &'static str) -> Say {
    Box::new(move |_, _| envelope::success(&key(), plain.as_bytes()))
}

fn refused(code: Code) -> Say {
    Box::new(move |_, _| envelope::refusal(code, code.message()))
}

fn token() -> EcToken {
    EcToken::new("T1").expect("a token")
}

impl Play {
    fn says(&self, say: Say) -> &Self {
        *self.line.0.lock().expect("no panic") = say;
        self
    }

    /// "1", "0", "free", "not believed" or the code.
    fn status(&self) -> String {
        let query = StatusQuery { token: token(), wait: None };
        match self.client.status(query).map_err(|error| error.failure) {
            Ok(called) => match called.answer {
                StatusAnswer::PasswordFree => "free".to_owned(),
                StatusAnswer::Checked { confirmed, .. } => u8::from(confirmed).to_string(),
            },
            Err(Failure::Foreign(_)) => "not believed".to_owned(),
            Err(failure) => failure.code().map_or_else(|| format!("{failure:?}"), |code| code.to_string()),
        }
    }

    fn notice(&self) -> String {
        match self.client.notify(token(), None).map_err(|error| error.failure) {
            Ok(called) if called.answer == NoticeAnswer::PasswordFree => "free".to_owned(),
            Ok(_) => "notified".to_owned(),
            Err(Failure::Foreign(_)) => "not believed".to_owned(),
            Err(failure) => format!("{failure:?}"),
        }
    }
}

#[test]
fn once_a_center_answered_with_a_mac_nothing_settles_without() {
    let play = play(MacUse::Auto);
    // A center that knows no macs is believed as ever.
    assert_eq!(play.says(bare(ONE)).status(), "1");
    assert_eq!(play.says(refused(Code::PasswordFree)).status(), "free");
    assert_eq!(play.says(proven(ZERO)).status(), "0");
    for (forged, name) in [(bare(ONE), "1"), (bare(ZERO), "0"), (refused(Code::PasswordFree), "500320")] {
        assert_eq!(play.says(forged).status(), "not believed", "{name}");
    }
    assert_eq!(play.says(refused(Code::PasswordFree)).notice(), "not believed");
    // What settles nothing is taken: a center refuses some things before it knows who asks.
    assert_eq!(play.says(refused(Code::Denied)).status(), "-4");
    let free = |_: &str, mac: Option<&str>| {
        let message = Code::PasswordFree.message();
        envelope::proven_refusal(&key(), mac.expect("a mac"), Code::PasswordFree, message)
    };
    assert_eq!(play.says(Box::new(free)).status(), "free");
}

#[test]
fn an_answer_that_was_cut_and_pasted_is_not_believed() {
    let play = play(MacUse::Auto);
    let block = |body: &str| body.split("encData\":\"").nth(1).expect("sealed")[..32].to_owned();
    let pasted = move |_: &str, mac: Option<&str>| {
        let mac = mac.expect("a mac");
        let (no, yes) = (
            envelope::proven_success(&key(), mac, ZERO.as_bytes()),
            envelope::success(&key(), ONE.as_bytes()),
        );
        let body = no.replace(&block(&no), &block(&yes));
        let opened = Answer::parse(body.as_bytes()).expect("an answer").open(&key()).expect("opens");
        assert_eq!(opened.as_str(), ONE, "which is why the cipher does not help");
        body
    };
    assert_eq!(play.says(Box::new(pasted)).status(), "not believed");
    let of_another =
        |_: &str, _: Option<&str>| envelope::proven_success(&key(), &"0".repeat(64), ONE.as_bytes());
    assert_eq!(play.says(Box::new(of_another)).status(), "not believed");
}

#[test]
fn always_and_never_are_what_they_say() {
    let always = play(MacUse::Always);
    assert_eq!(always.says(bare(ONE)).status(), "not believed");
    assert_eq!(always.says(proven(ONE)).status(), "1");
    let never = play(MacUse::Never);
    never.says(Box::new(|_, mac| {
        assert_eq!(mac, None);
        envelope::success(&key(), ONE.as_bytes())
    }));
    assert_eq!(never.status(), "1");
}

/// Whoever could move the clock could have old answers fit.
#[test]
fn a_forged_refusal_about_the_clock_moves_none() {
    let play = play(MacUse::Always);
    let told = START + 86_400_000;
    let clock = format!(
        "{}：timestamp 与服务器时间相差超过 600 秒，服务器时间为 {told}",
        Code::BadParameter.message()
    );
    let forged = clock.clone();
    play.says(Box::new(move |_, _| envelope::refusal(Code::BadParameter, &forged)));
    assert_eq!(play.status(), "-2");
    assert_eq!(play.client.drift(), None);
    play.says(Box::new(move |_, mac| {
        envelope::proven_refusal(&key(), mac.expect("a mac"), Code::BadParameter, &clock)
    }));
    assert_eq!(play.status(), "-2");
    assert!(play.client.drift().is_some());
}

#[test]
fn a_restart_makes_nobody_credulous() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || {
        let play = play(MacUse::Auto);
        let visits = Visits::open(&visits_in(folder.path()), Arc::new(play.hands.clone())).expect("visits");
        play.client.keep_in(&visits).expect("read");
        play
    };
    assert_eq!(open().says(bare(ONE)).status(), "1");
    assert_eq!(open().says(proven(ONE)).status(), "1");
    assert_eq!(open().says(bare(ONE)).status(), "not believed");
}

/// A serial made now, and answers with members beyond the specification.
fn serial(number: u64, at: UnixMillis) -> String {
    let text = at.shanghai_text();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    format!("{number:013}{digits}")
}

#[test]
fn a_confirmation_from_before_the_notice_is_believed_only_when_a_mac_proves_it() {
    let earlier = Duration::from_secs(2);
    // The person had confirmed at another workstation, which keeps its visits for itself: the center lets that stand (V5).
    let cases = [
        (MacUse::Never, earlier, false),
        (MacUse::Never, Duration::ZERO, true),
        (MacUse::Auto, earlier, true),
    ];
    for (case, (mac, before, settles)) in (1..).zip(cases) {
        let folder = tempfile::tempdir().expect("a folder");
        let play = play(mac);
        let mut config = config(vec!["http://a".to_owned()], key(), "his", folder.path());
        config.center.mac = mac;
        let ambient: Arc<dyn Ambient> = Arc::new(play.hands.clone());
        let visits = Visits::open(&visits_in(folder.path()), Arc::clone(&ambient)).expect("visits");
        let client = CenterClient::over(&config, Arc::clone(&ambient), play.line.clone());
        let desk = Desk::of(client, visits, &config, ambient);
        let asked = play.hands.now();
        let notices = Mutex::new(case * 100);
        play.says(Box::new(move |path, mac| {
            let mut notices = notices.lock().expect("no panic");
            *notices += u64::from(path == notify::PATH);
            let now = asked.plus(Duration::from_secs(4 * (*notices % 100 - 1)));
            let serial = serial(*notices, now);
            let (at, until) = (asked.minus(before), asked.plus(Duration::from_hours(1)));
            let plain = match path {
                notify::PATH => format!(r#"{{"resBizNo":"{serial}","notcFlag":"1"}}"#),
                status::PATH => format!(
                    r#"{{"checkStas":"1","resBizNo":"{serial}","stage":"confirmed","checkTime":"{at}","checkAmount":"10.00","validUntil":"{until}"}}"#
                ),
                other => panic!("{other}"),
            };
            mac.map_or_else(
                || envelope::success(&key(), plain.as_bytes()),
                |mac| envelope::proven_success(&key(), mac, plain.as_bytes()),
            )
        }));
        let visit = desk.begin(&NewVisit::scanned(token())).expect("a visit").id();
        let amount = "10".parse().expect("an amount");
        // A repeated click on what is confirmed gives a newer serial, and the confirmation stands (V5).
        for _ in 0..2 {
            desk.notify(visit, Some(amount)).expect("notified");
            play.hands.forward(Duration::from_secs(4));
        }
        let gated = desk.gate(visit, Ask { kind: Settlement::Outpatient, amount }).expect("decided");
        assert_eq!(gated.settles(), settles, "{:?}", gated.decision);
        let (visit, _) = desk.status(visit, None).expect("asked");
        let outcome = visit.status().expect("a status").outcome.clone();
        assert_eq!(matches!(outcome, StatusOutcome::Foreign { .. }), !settles, "{outcome:?}");
    }
}
