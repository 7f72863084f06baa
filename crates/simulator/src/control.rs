//! The control interface: plain JSON over HTTP, for people and tests that play the insured persons.
//!
//! | operation | file |
//! |---|---|
//! | `POST /qr` | [`qr`] |
//! | `GET /phones/{ecIndexNo}/notices` | [`notices`] |
//! | `POST /phones/{ecIndexNo}/act` | [`act`] |
//! | `POST /phones/{ecIndexNo}/passwordFree` | [`switch`] |
//! | `POST /phones/{ecIndexNo}/passwordFreePage` | [`free_page`] |
//! | `POST /phones/{ecIndexNo}/messageCenter` | [`notices`] |
//! | `POST /counter/*` | [`counter`] |
//! | `POST /counter/send`, `POST /channels/{chnlId}/send` | [`send`] |
//! | `POST /channels/{chnlId}/mood`, `POST /national/mood` | [`moods`] |
//! | `POST /terminal` | [`terminal`] |
//! | `POST /vendor` | [`vendor`] |
//!
//! What cannot be done is HTTP 400 (the request is wrong), 404 (no such person, channel, notice or address), 409
//! (not now) or 502 (the center did not answer), with `{"error": "…"}` in Chinese.

mod act;
mod counter;
mod free_page;
mod moods;
mod notices;
mod qr;
mod send;
mod switch;
mod terminal;
mod vendor;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use yanmi_channel::CenterAnswer;

use crate::outgoing::AskError;
use crate::serve::{Reply, error, json};
use crate::state::State;
use crate::world::{Channel, Person};

/// Why a control request is not carried out.
#[derive(Debug)]
enum Refusal {
    /// The body is not what the operation needs: its members.
    Body(&'static str),
    /// A member has a value that is none of these.
    Value(&'static str, &'static str),
    NoPerson,
    NoChannel,
    NoNotice,
    NoAddress,
    /// It can be done, but not as things stand.
    Now(&'static str),
    Center(AskError),
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let bad = StatusCode::BAD_REQUEST;
        let absent = StatusCode::NOT_FOUND;
        match refusal {
            Refusal::Body(needs) => error(bad, &format!("请求体应为 JSON 对象，成员：{needs}")),
            Refusal::Value(member, values) => error(bad, &format!("{member} 应为 {values}")),
            Refusal::NoPerson => error(absent, "没有这个参保人（ecIndexNo）"),
            Refusal::NoChannel => error(absent, "没有这个渠道（chnlId）"),
            Refusal::NoNotice => error(absent, "该参保人的手机上没有这条通知（notcNo）"),
            Refusal::NoAddress => error(absent, "没有这个地址或方法不对"),
            Refusal::Now(why) => error(StatusCode::CONFLICT, why),
            Refusal::Center(why) => error(StatusCode::BAD_GATEWAY, &why.to_string()),
        }
    }
}

/// Carries out one control request.
pub(crate) async fn answer(state: &Arc<State>, method: &Method, steps: &[&str], body: &Bytes) -> Reply {
    let done = match (method, steps) {
        (&Method::POST, ["qr"]) => qr::show(state, body),
        (&Method::GET, ["phones", index, "notices"]) => notices::list(state, index).await,
        (&Method::POST, ["phones", index, "messageCenter"]) => {
            notices::message_center(state, index, body).await
        }
        (&Method::POST, ["counter", "send"]) => send::institution(state, body).await,
        (&Method::POST, ["channels", id, "send"]) => send::channel(state, id, body).await,
        (&Method::POST, ["counter", what]) => counter::act(state, what, body).await,
        (&Method::POST, ["phones", index, "act"]) => act::act(state, index, body).await,
        (&Method::POST, ["phones", index, "passwordFree"]) => switch::switch(state, index, body).await,
        (&Method::POST, ["phones", index, "passwordFreePage"]) => free_page::link(state, index, body).await,
        (&Method::POST, ["channels", id, "mood"]) => moods::channel(state, id, body),
        (&Method::POST, ["national", "mood"]) => moods::national(state, body),
        (&Method::POST, ["center", "mood"]) => moods::center(state, body),
        (&Method::POST, ["terminal"]) => terminal::set(state, body),
        (&Method::POST, ["vendor"]) => vendor::answer(state, body).await,
        _ => Err(Refusal::NoAddress),
    };
    done.unwrap_or_else(Reply::from)
}

fn read<T: DeserializeOwned>(body: &Bytes, needs: &'static str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::Body(needs))
}

fn reply(value: &impl Serialize) -> Reply {
    // Writing these types into memory cannot fail.
    json(StatusCode::OK, serde_json::to_string(value).unwrap_or_default())
}

fn person<'a>(state: &'a State, index: &str) -> Result<&'a Person, Refusal> {
    state.world.person(index).ok_or(Refusal::NoPerson)
}

fn channel<'a>(state: &'a State, id: &str) -> Result<&'a Channel, Refusal> {
    state.world.channel(id).ok_or(Refusal::NoChannel)
}

/// The center's answer to a channel, opened: `{"code", "message", "data"}`; `data` is `{}` for a refusal.
fn pass_on(said: &CenterAnswer) -> Reply {
    #[derive(Serialize)]
    struct Opened<'a> {
        code: i64,
        message: &'a str,
        data: Option<&'a RawValue>,
    }
    let plain = said.plain.as_ref().map_or("{}", |plain| plain.as_str());
    let data = serde_json::from_str(plain).ok();
    reply(&Opened { code: said.answer.code, message: &said.answer.message, data })
}
