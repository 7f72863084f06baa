//! The channel apps: what they do with a notice, and how they call the center.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use yanmi_protocol::envelope::{self, Answer, PlainText, RequestEnvelope};
use yanmi_protocol::message::channel_notice::{self, Notice};
use yanmi_protocol::message::{password_free, pending};
use yanmi_protocol::{Code, MemberError};

use crate::hang::LONGEST_HANG;
use crate::mood::ChannelMood;
use crate::outgoing::AskError;
use crate::serve::{Cut, Reply, error, json};
use crate::state::State;
use crate::world::{Channel, Person};

/// How long a channel waits for the center.
pub(crate) const CENTER_DEADLINE: Duration = Duration::from_secs(15);
/// What stands before the `&` in the `reqtType` of a channel.
const PREFIX: &str = "chnl";

/// `POST /channels/{chnlId}/notice`: takes a notice, as the channel's mood has it.
pub(crate) async fn receive(state: &State, id: &str, body: &Bytes) -> Result<Reply, Cut> {
    let Some(channel) = state.world.channel(id) else {
        return Ok(error(StatusCode::NOT_FOUND, "没有这个渠道"));
    };
    let wait = match state.channel_mood(channel.chnl_id) {
        ChannelMood::Ok => Duration::ZERO,
        ChannelMood::Slow(wait) => wait,
        ChannelMood::Refuse => return Ok(refuse(Code::NoticeFailed, "渠道应用暂停服务（模拟）")),
        ChannelMood::Hang => {
            state.hangs.hold(LONGEST_HANG).await;
            return Err(Cut);
        }
        ChannelMood::Reset => return Err(Cut),
        ChannelMood::Http500 => {
            return Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "渠道应用内部错误（模拟）"));
        }
    };
    let reply = keep(state, channel, body);
    if !wait.is_zero() {
        state.hangs.hold(wait).await;
    }
    Ok(reply)
}

/// Puts the notice on the person's phone. A notice for somebody this world does not know is taken and forgotten,
/// so that the load generator's persons need no phones.
fn keep(state: &State, channel: &Channel, body: &Bytes) -> Reply {
    let denied = || refuse(Code::Denied, Code::Denied.message());
    let request = match RequestEnvelope::parse(body, state.world.region) {
        Ok(request) => request,
        Err(e) => return refuse(Code::BadParameter, &e.to_string()),
    };
    if request.org_id != channel.chnl_id.as_str() {
        return denied();
    }
    let Ok(opened) = request.sealed.open(&channel.key) else { return denied() };
    let Ok(members) = opened.members() else { return denied() };
    let notice = match Notice::read(&members) {
        Ok(notice) => notice,
        Err(e) => return refuse(Code::BadParameter, &e.to_string()),
    };
    if notice.channel != channel.chnl_id {
        return refuse(Code::BadParameter, "chnlId 与报文的 orgId 不符");
    }
    let person = notice.index.as_ref().and_then(|index| state.world.person(index.as_str()));
    if let Some(person) = person {
        state.phones().take(person.ec_index_no, &notice);
    }
    json(StatusCode::OK, envelope::success(&channel.key, channel_notice::received_json().as_bytes()))
}

fn refuse(code: Code, reason: &str) -> Reply {
    json(StatusCode::OK, envelope::refusal(code, reason))
}

/// What the center said to a channel.
pub(crate) struct CenterAnswer {
    pub(crate) answer: Answer,
    /// The opened message of a success.
    pub(crate) plain: Option<PlainText>,
}

/// Asks the center something as this channel.
pub(crate) async fn ask(
    state: &State,
    channel: &Channel,
    path: &str,
    plain: &str,
    deadline: Duration,
) -> Result<CenterAnswer, AskError> {
    let (key, id) = (&channel.key, channel.chnl_id);
    let body = envelope::request(key, id.as_str(), PREFIX, state.world.region, state.now(), plain.as_bytes());
    let url = format!("{}{path}", state.world.channel_url);
    let received = state.caller.post(&url, body.into(), deadline).await?;
    let (answer, plain) = received.open(key)?;
    Ok(CenterAnswer { answer, plain })
}

/// Asks the center in the name of every app of the person what is pending, and puts it on the phone. An app
/// whose question fails is passed over: the phone shows what it has.
pub(crate) async fn pull_pending(state: &State, person: &Person, deadline: Duration) {
    let question = pending::Request { index: person.ec_index_no }.to_json();
    for channel in person.channels.iter().filter_map(|id| state.world.channel(id.as_str())) {
        let asked = ask(state, channel, pending::PATH, &question, deadline).await;
        let plain = asked.ok().and_then(|answer| answer.plain);
        let notices = plain.as_ref().and_then(|plain| read_pending(plain).ok()).unwrap_or_default();
        for notice in notices.iter().filter(|notice| notice.channel == channel.chnl_id) {
            state.phones().take(person.ec_index_no, notice);
        }
    }
}

fn read_pending(plain: &PlainText) -> Result<Vec<Notice>, MemberError> {
    match plain.members() {
        Ok(members) => pending::read_answer(&members),
        Err(_) => Ok(Vec::new()),
    }
}

/// Why password-free settlement could not be switched on for somebody.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// The center could not be asked.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The center refused.
    #[error("中心拒绝开通免密：{0} {1}")]
    Refused(i64, String),
}

/// Switches password-free settlement on for everybody who is to have it from the beginning.
pub(crate) async fn switch_password_free(state: &State) -> Result<(), SwitchError> {
    for person in state.world.all_persons() {
        let request = password_free::Request {
            index: person.ec_index_no,
            open: true,
            single_limit: None,
            day_limit: None,
            day_count: None,
        };
        for channel in person.password_free_in.iter().filter_map(|id| state.world.channel(id.as_str())) {
            let said = ask(state, channel, password_free::PATH, &request.to_json(), CENTER_DEADLINE).await?;
            if said.answer.code != 0 {
                return Err(SwitchError::Refused(said.answer.code, said.answer.message));
            }
        }
    }
    Ok(())
}
