//! The channel apps: what they do with a notice in each mood, and how they call the center.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use yanmi_channel::{App, CENTER_DEADLINE, CenterAnswer};
use yanmi_protocol::Code;
use yanmi_protocol::envelope;
use yanmi_protocol::message::channel_notice::Kind;
use yanmi_protocol::message::{password_free, pending};

use crate::hang::LONGEST_HANG;
use crate::mood::ChannelMood;
use crate::outgoing::{AskError, Caller};
use crate::reply::{Cut, Reply, error, json};
use crate::state::State;
use crate::watch::calls::Call;
use crate::watch::exchange::{Exchange, Lane};
use crate::world::{Channel, Person};

/// `POST /channels/{chnlId}/notice`: takes a notice, as the channel's mood has it.
pub(crate) async fn receive(state: &State, id: &str, path: &str, body: &Bytes) -> Result<Reply, Cut> {
    let Some(channel) = state.world.channel(id) else {
        return Ok(error(StatusCode::NOT_FOUND, "没有这个渠道"));
    };
    let wait = match state.channel_mood(channel.chnl_id) {
        ChannelMood::Ok | ChannelMood::Free => Duration::ZERO,
        ChannelMood::Slow(wait) => wait,
        ChannelMood::Refuse => {
            let app = app(state, channel, CENTER_DEADLINE);
            let reason = "渠道应用暂停服务（模拟）".to_owned();
            let answer = match app.open(path, body) {
                Ok(posted) => app.refused(&posted, Code::NoticeFailed, reason).body().to_owned(),
                Err(_) => envelope::refusal(Code::NoticeFailed, &reason),
            };
            return Ok(json(StatusCode::OK, answer));
        }
        ChannelMood::Hang => {
            state.hangs.hold(LONGEST_HANG).await;
            return Err(Cut);
        }
        ChannelMood::Reset => return Err(Cut),
        ChannelMood::Http500 => {
            return Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "渠道应用内部错误（模拟）"));
        }
    };
    let reply = keep(state, channel, path, body);
    if !wait.is_zero() {
        state.hangs.hold(wait).await;
    }
    Ok(reply)
}

/// Puts the notice on the person's phone. A notice for somebody this world does not know is taken and forgotten,
/// so that the load generator's persons need no phones.
fn keep(state: &State, channel: &Channel, path: &str, body: &Bytes) -> Reply {
    let app = app(state, channel, CENTER_DEADLINE);
    let posted = match app.open(path, body) {
        Ok(posted) => posted,
        Err(refused) => return json(StatusCode::OK, refused.body().to_owned()),
    };
    let notice = &posted.notice;
    let asks = notice.kind == Kind::Notice;
    if asks && state.channel_mood(channel.chnl_id) == ChannelMood::Free {
        return json(StatusCode::OK, app.password_free_here(&posted));
    }
    let person = notice.index.as_ref().and_then(|index| state.world.person(index.as_str()));
    if let Some(person) = person {
        state.change_phone(person.ec_index_no, |phones| phones.take(person.ec_index_no, notice));
    }
    json(StatusCode::OK, app.received(&posted))
}

fn app(state: &State, channel: &Channel, deadline: Duration) -> App<Caller> {
    App {
        id: channel.chnl_id,
        key: channel.key.clone(),
        mac: channel.mac,
        region: state.world.region,
        center_url: state.world.channel_url.clone(),
        transport: state.caller.clone(),
        clock: state.clock(),
        deadline,
    }
}

/// Asks the center something as this channel, for everybody to see.
pub(crate) async fn ask(
    state: &State,
    channel: &Channel,
    path: &str,
    plain: &str,
) -> Result<CenterAnswer, AskError> {
    let app = app(state, channel, CENTER_DEADLINE);
    let sealed = app.seal(path, plain);
    let lane = Lane::channel(Call::of_channel_path(path), channel, path);
    let exchange = Exchange::begin(&state.watch, lane, sealed.body.as_bytes(), Some(plain));
    let url = format!("{}{path}", app.center_url);
    let received = app.transport.post(&url, sealed.body.clone().into(), app.deadline).await;
    exchange.received(&received);
    let received = received?;
    Ok(app.read(received.status, &received.body, &sealed)?)
}

/// Asks the center in the name of every app of the person what is pending, and puts it on the phone. An app
/// whose question fails is passed over: the phone shows what it has.
pub(crate) async fn pull_pending(state: &State, person: &Person, deadline: Duration) {
    for channel in person.channels.iter().filter_map(|id| state.world.channel(id.as_str())) {
        let notices = app(state, channel, deadline).pending(person.ec_index_no).await.unwrap_or_default();
        for notice in &notices {
            state.change_phone(person.ec_index_no, |phones| phones.take(person.ec_index_no, notice));
        }
    }
}

/// The person opens the message center of one app: it asks for what is pending, for everybody to see.
pub(crate) async fn open_message_center(
    state: &State,
    person: &Person,
    channel: &Channel,
) -> Result<(), AskError> {
    let question = pending::Request { index: person.ec_index_no }.to_json();
    let answer = ask(state, channel, pending::PATH, &question).await?;
    for notice in &app(state, channel, CENTER_DEADLINE).read_pending(&answer) {
        state.change_phone(person.ec_index_no, |phones| phones.take(person.ec_index_no, notice));
    }
    Ok(())
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
            let said = app(state, channel, CENTER_DEADLINE).password_free(&request).await?;
            if said.answer.code != 0 {
                return Err(SwitchError::Refused(said.answer.code, said.answer.message));
            }
        }
    }
    Ok(())
}
