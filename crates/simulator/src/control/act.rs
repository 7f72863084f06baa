//! `POST /phones/{ecIndexNo}/act {"notcNo","action":"confirm|wrongPassword|cancel|notMe","way":"01|02|03"}` →
//! the center's answer to the channel, `{"code","message","data"}`.
//!
//! | action | what the app tells the center |
//! |---|---|
//! | `confirm` | confirmed; way 01 with the digest of the person's password, 02 with a face authorization, 03 with nothing |
//! | `wrongPassword` | confirmed with a wrong digest (01) or somebody else's authorization (02); way 03: failed |
//! | `cancel`, `notMe` | just that |
//!
//! The app tells the center whatever the phone shows about the notice: whether it still counts is for the
//! center to say. A person without a password "confirms" with 000000.

use bytes::Bytes;
use serde::Deserialize;
use yanmi_channel::{CenterAnswer, Fate};
use yanmi_protocol::message::auth_result::{self, Accepted, Draft};
use yanmi_protocol::message::channel_notice::{Notice, Way};
use yanmi_protocol::{AuthNo, Code, NoticeNo, PasswordDigest};

use super::notices::PENDING_DEADLINE;
use super::request::{Refusal, channel, pass_on, person, read};
use crate::channel::{ask, pull_pending};
use crate::reply::Reply;
use crate::state::State;
use crate::watch::Actor;
use crate::world::Person;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActRequest {
    notc_no: String,
    action: String,
    way: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Confirm,
    WrongPassword,
    Cancel,
    NotMe,
}

impl Action {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "confirm" => Self::Confirm,
            "wrongPassword" => Self::WrongPassword,
            "cancel" => Self::Cancel,
            "notMe" => Self::NotMe,
            _ => return None,
        })
    }

    /// What the person does, in Chinese.
    fn words(self, way: Way) -> String {
        match (self, way) {
            (Self::Confirm, Way::Face) => "参保人刷脸确认".to_owned(),
            (Self::WrongPassword, Way::Face) => "刷脸的不是参保人本人".to_owned(),
            (Self::Confirm, way) => format!("参保人输入{}确认", way.name()),
            (Self::WrongPassword, way) => format!("参保人输错了{}", way.name()),
            (Self::Cancel, _) => "参保人取消".to_owned(),
            (Self::NotMe, _) => "参保人表示“不是我”".to_owned(),
        }
    }

    /// `authStas`.
    fn status(self, way: Way) -> &'static str {
        match (self, way) {
            (Self::WrongPassword, Way::ChannelPassword) => "0",
            (Self::Confirm | Self::WrongPassword, _) => "1",
            (Self::Cancel, _) => "2",
            (Self::NotMe, _) => "3",
        }
    }
}

pub(super) async fn act(state: &State, index: &str, body: &Bytes) -> Result<Reply, Refusal> {
    let request: ActRequest = read(body, "notcNo、action，可选 way")?;
    let values = "confirm、wrongPassword、cancel、notMe 之一";
    let action = Action::from_name(&request.action).ok_or(Refusal::Value("action", values))?;
    let way = Way::from_code(request.way.as_deref().unwrap_or("01"));
    let way = way.ok_or(Refusal::Value("way", "01、02、03 之一"))?;
    let person = person(state, index)?;
    let shown = find(state, person, &request.notc_no).await?;
    let channel = channel(state, shown.channel.as_str())?;
    let plain = message(state, person, &shown, action, way);
    state.watch.step(Actor::Person, &action.words(way));
    state.watch.tap();
    let said = ask(state, channel, auth_result::PATH, &plain).await;
    let said = said.map_err(Refusal::Center)?;
    if let Some(fate) = fate(action, way, &said) {
        let (index, number) = (person.ec_index_no, shown.number);
        state.change_phone(index, |phones| {
            let open = phones.find(index, number).is_some_and(|entry| entry.fate == Fate::Pending);
            // What the person did stays what it was.
            if open || fate != Fate::Withdrawn {
                phones.settle(index, number, fate);
            }
        });
    }
    Ok(pass_on(&said))
}

/// The notice on the phone; when it is not there, the center is asked for pending ones.
async fn find(state: &State, person: &Person, number: &str) -> Result<Notice, Refusal> {
    let number = NoticeNo::new(number).map_err(|_| Refusal::NoNotice)?;
    let find = || state.phones().find(person.ec_index_no, number).map(|entry| entry.notice.clone());
    if let Some(shown) = find() {
        return Ok(shown);
    }
    pull_pending(state, person, PENDING_DEADLINE).await;
    find().ok_or(Refusal::NoNotice)
}

fn message(state: &State, person: &Person, shown: &Notice, action: Action, way: Way) -> String {
    let proves = matches!(action, Action::Confirm | Action::WrongPassword);
    let password = (proves && way == Way::CredentialPassword).then(|| digest(person, action)).flatten();
    let password = password.map(|digest| digest.to_hex());
    let owner = (action == Action::Confirm).then_some(person);
    let number = (proves && way == Way::Face).then(|| state.auth_no(owner)).flatten();
    Draft {
        notc_no: &shown.number.to_string(),
        auth_way: proves.then(|| way.code()),
        auth_stas: action.status(way),
        auth_time: state.now().to_string(),
        user_pwd: password.as_ref().map(|hex| hex.as_str()),
        auth_no: number.as_ref().map(AuthNo::as_str),
        cfm_name: None,
    }
    .to_json()
    .to_string()
}

fn digest(person: &Person, action: Action) -> Option<PasswordDigest> {
    const NONE: &str = "000000";
    let own = person.password.as_deref().unwrap_or(NONE);
    let other = if own == NONE { "999999" } else { NONE };
    PasswordDigest::of(if action == Action::Confirm { own } else { other })
}

/// What becomes of the notice, when the center's answer settles it. One that no longer counts is taken off the screen.
fn fate(action: Action, way: Way, said: &CenterAnswer) -> Option<Fate> {
    if said.answer.code == i64::from(Code::BadNoticeNo.number()) {
        return Some(Fate::Withdrawn);
    }
    let members = said.plain.as_ref()?.members().ok()?;
    let accepted = Accepted::read(&members).ok()?;
    match (action, accepted) {
        (Action::Confirm | Action::WrongPassword, Accepted::WrongPassword { tries_left }) => {
            (tries_left == 0).then_some(Fate::Failed)
        }
        (_, Accepted::WrongPassword { .. }) => None,
        (Action::Confirm, Accepted::Yes) => Some(Fate::Confirmed),
        (Action::WrongPassword, Accepted::Yes) => {
            Some(if way == Way::ChannelPassword { Fate::Failed } else { Fate::Confirmed })
        }
        (Action::Cancel, Accepted::Yes) => Some(Fate::Cancelled),
        (Action::NotMe, Accepted::Yes) => Some(Fate::NotMe),
    }
}
