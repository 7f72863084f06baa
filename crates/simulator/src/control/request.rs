//! What the operations share: reading a request, finding whom it names, and saying why it is not carried out.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use yanmi_channel::CenterAnswer;

use crate::outgoing::AskError;
use crate::reply::{Reply, error, json};
use crate::state::State;
use crate::world::{Channel, Person};

/// Why a control request is not carried out.
#[derive(Debug)]
pub(super) enum Refusal {
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
    /// A system could not be brought in; where it ended.
    Onboarding(String),
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
            Refusal::Onboarding(why) => error(StatusCode::BAD_GATEWAY, &format!("接入没有完成，停在 {why}")),
        }
    }
}

pub(super) fn read<T: DeserializeOwned>(body: &Bytes, needs: &'static str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::Body(needs))
}

pub(super) fn reply(value: &impl Serialize) -> Reply {
    // Writing these types into memory cannot fail.
    json(StatusCode::OK, serde_json::to_string(value).unwrap_or_default())
}

pub(super) fn person<'a>(state: &'a State, index: &str) -> Result<&'a Person, Refusal> {
    state.world.person(index).ok_or(Refusal::NoPerson)
}

pub(super) fn channel<'a>(state: &'a State, id: &str) -> Result<&'a Channel, Refusal> {
    state.world.channel(id).ok_or(Refusal::NoChannel)
}

/// The center's answer to a channel, opened: `{"code", "message", "data"}`; `data` is `{}` for a refusal.
pub(super) fn pass_on(said: &CenterAnswer) -> Reply {
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
