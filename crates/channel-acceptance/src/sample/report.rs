//! What the person does, and how the app reports it.

use yanmi_channel::{CenterAnswer, Fate, ReadError, Transport as _};
use yanmi_protocol::envelope::VERSION;
use yanmi_protocol::mac::RequestParts;
use yanmi_protocol::message::auth_result::{self, Accepted, Draft};
use yanmi_protocol::{Code, NoticeNo, PasswordDigest};

use super::handset::{Handset, Registration};
use super::line::LineError;
use super::mistake::Mistake;
use crate::event::State;

/// How often one thing is reported at most.
const MAX_REPORTS: u32 = 3;

/// What the person did.
struct Tap {
    status: &'static str,
    way: Option<&'static str>,
    password: Option<String>,
    face: Option<String>,
    /// What is shown when the center took it.
    fate: Fate,
}

/// What came back.
enum Outcome {
    Accepted,
    Wrong(u32),
    Refused(Option<Code>),
    Nothing,
}

/// The person taps something about a notice.
pub(super) async fn act(handset: &Handset, act: &str, number: NoticeNo) -> Result<(), String> {
    let brief = &handset.registration()?.brief;
    let person = &brief.person;
    let state = handset.phone().state(number, (handset.clock)());
    let cancel = || if handset.errs(Mistake::CancelIsNotMe) { "3" } else { "2" };
    let not_me = || if handset.errs(Mistake::NotMeIsCancel) { "2" } else { "3" };
    let deed = match act {
        "try" if state == State::Locked && handset.errs(Mistake::TriesLocked) => {
            password(handset, &person.password)
        }
        _ if state != State::Pending => return Ok(()),
        "password" => password(handset, &person.password),
        "wrongPassword" => password(handset, &person.wrong_password),
        "face" => face(handset),
        "channelPassword" => by(handset, "03"),
        "confirm" | "try" => confirmation(handset)?,
        "wrongChannelPassword" if handset.errs(Mistake::LiesAboutPassword) => by(handset, "03"),
        "wrongChannelPassword" => done("0", Fate::Failed),
        "cancel" => done(cancel(), Fate::Cancelled),
        "notMe" => done(not_me(), Fate::NotMe),
        other => return Err(format!("no act: {other}")),
    };
    report(handset, number, &deed).await
}

const fn done(status: &'static str, fate: Fate) -> Tap {
    Tap { status, way: None, password: None, face: None, fate }
}

const fn by(_: &Handset, way: &'static str) -> Tap {
    Tap { status: "1", way: Some(way), password: None, face: None, fate: Fate::Confirmed }
}

/// In any way the app has; its own password first.
fn confirmation(handset: &Handset) -> Result<Tap, String> {
    let brief = &handset.registration()?.brief;
    let has = |code: &str| brief.ways.iter().any(|way| way == code);
    Ok(if has("03") {
        by(handset, "03")
    } else if has("02") {
        face(handset)
    } else {
        password(handset, &brief.person.password)
    })
}

fn password(handset: &Handset, digits: &str) -> Tap {
    let digest = |digits: &str| PasswordDigest::of(digits).map(|digest| digest.to_hex().as_str().to_owned());
    let sent = match handset.mistake {
        Some(Mistake::PlainPassword) => Some(digits.to_owned()),
        // Digests the digest.
        Some(Mistake::OtherDigest) => digest("654321"),
        _ => digest(digits),
    };
    Tap { password: sent, ..by(handset, "01") }
}

fn face(handset: &Handset) -> Tap {
    let mark = if handset.errs(Mistake::OneFace) { 0 } else { (handset.clock)().get() };
    Tap { face: Some(format!("ano{mark:025}")), ..by(handset, "02") }
}

/// Reports until there is a result, and shows it.
async fn report(handset: &Handset, number: NoticeNo, deed: &Tap) -> Result<(), String> {
    let mut at = (handset.clock)();
    let times = if handset.errs(Mistake::GivesUp) { 1 } else { MAX_REPORTS };
    for _ in 0..times {
        let draft = Draft {
            notc_no: &number.to_string(),
            auth_way: deed.way,
            auth_stas: deed.status,
            auth_time: at.to_string(),
            user_pwd: deed.password.as_deref(),
            auth_no: deed.face.as_deref(),
            cfm_name: None,
        };
        let outcome = read(handset, ask(handset, auth_result::PATH, &draft.to_json()).await);
        if !matches!(outcome, Outcome::Nothing) {
            show(handset, number, deed, &outcome);
            return Ok(());
        }
        if handset.errs(Mistake::NewTime) {
            at = (handset.clock)();
        }
    }
    if handset.errs(Mistake::ShowsFailure) {
        handset.phone().settle(number, Fate::Failed);
    }
    Ok(())
}

/// What an answer means.
fn read(handset: &Handset, answer: Result<CenterAnswer, LineError>) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(LineError::Read(ReadError::Sealed(_))) if handset.errs(Mistake::BelievesUnopened) => {
            return Outcome::Accepted;
        }
        Err(LineError::Silent | LineError::Read(_)) => return Outcome::Nothing,
    };
    if handset.errs(Mistake::IgnoresCode) && answer.answer.code != 0 {
        return Outcome::Accepted;
    }
    let members = answer.plain.as_ref().and_then(|plain| plain.members().ok());
    let accepted = members.and_then(|members| Accepted::read(&members).ok());
    match (Code::from_number(answer.answer.code), accepted) {
        (Some(Code::Success), Some(Accepted::Yes)) => Outcome::Accepted,
        (Some(Code::Success), Some(Accepted::WrongPassword { tries_left })) => Outcome::Wrong(tries_left),
        (Some(Code::Unknown | Code::Timeout | Code::NationalCenterFailed | Code::Success), _) => {
            Outcome::Nothing
        }
        (code, _) => Outcome::Refused(code),
    }
}

fn show(handset: &Handset, number: NoticeNo, deed: &Tap, outcome: &Outcome) {
    let mut phone = handset.phone();
    match *outcome {
        Outcome::Nothing => {}
        Outcome::Accepted => phone.settle(number, deed.fate),
        Outcome::Wrong(0) | Outcome::Refused(Some(Code::TooFrequent)) => {
            "试得太多，已锁定，请稍后再试".clone_into(&mut phone.words);
            phone.show(number, State::Locked);
        }
        Outcome::Wrong(left) => {
            let hides = handset.errs(Mistake::HidesTries);
            phone.words = if hides {
                "密码错误".to_owned()
            } else {
                format!("密码错误，还能试 {left} 次")
            };
        }
        Outcome::Refused(Some(Code::BadNoticeNo)) => {
            if !handset.errs(Mistake::KeepsVoid) {
                phone.show(number, State::Closed);
            }
        }
        Outcome::Refused(Some(Code::BadAuthNo | Code::PasswordNotSet)) => {
            "请重新刷脸，或换一种方式".clone_into(&mut phone.words);
        }
        Outcome::Refused(_) => phone.settle(number, Fate::Failed),
    }
}

/// Asks the center.
pub(super) async fn ask(handset: &Handset, path: &str, plain: &str) -> Result<CenterAnswer, LineError> {
    let Ok(Registration { app, .. }) = handset.registration() else { return Err(LineError::Silent) };
    let lower = handset.errs(Mistake::LowerCase);
    if !lower && !handset.errs(Mistake::BelievesAnyMac) {
        return app.ask(path, plain).await;
    }
    let (body, mac) =
        if lower { lower_case(handset, path, plain) } else { (app.seal(path, plain).body, None) };
    let url = format!("{}{path}", app.center_url);
    let reply = app.transport.round_trip(&url, body, app.deadline).await?;
    Ok(CenterAnswer::read(reply.status, &reply.body, &app.key, mac.as_deref())?)
}

/// A request whose digits are in lower case, with the mac of that.
fn lower_case(handset: &Handset, path: &str, plain: &str) -> (String, Option<String>) {
    let Ok(Registration { app, .. }) = handset.registration() else { return Default::default() };
    let app = yanmi_channel::App { mac: false, ..app.clone() };
    let timestamp = (app.clock)();
    let app = yanmi_channel::App { clock: std::sync::Arc::new(move || timestamp), ..app };
    let body = app.seal(path, plain).body;
    let (head, rest) = body.split_once("\"encData\":\"").unwrap_or_default();
    let (data, tail) = rest.split_once('"').unwrap_or_default();
    let data = data.to_lowercase();
    let mac = app.key.mac().request(&RequestParts {
        path,
        org_id: app.id.as_str(),
        version: VERSION,
        reqt_type: &format!("chnl&{}", app.region.as_str()),
        timestamp: &timestamp.to_string(),
        enc_data: &data,
    });
    let tail = tail.trim_end_matches('}');
    (format!("{head}\"encData\":\"{data}\"{tail},\"mac\":\"{mac}\"}}"), Some(mac))
}
