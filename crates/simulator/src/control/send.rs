//! `POST /counter/send {"orgCodg","path","message","orgId"?,"fault"?:"key","before"?:0}` → `{"code","message"}`: the
//! institution's system sends any message to any address of the center; with `orgId` under another account than the
//! institution's, with `fault` under a wrong key, with `before` after as many at once.
//!
//! `POST /channels/{chnlId}/send {"path","message"}` → the center's answer to the channel: the same for a channel.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::request::{self, Refusal, pass_on, reply};
use crate::channel::ask;
use crate::reply::Reply;
use crate::state::State;
use crate::watch::counter::Desk;
use crate::watch::send::{Fault, send};

/// Messages sent ahead of the one that is shown: more than an account of the sandbox may send in a second.
const MOST_BEFORE: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SendRequest<'a> {
    org_codg: String,
    path: String,
    #[serde(borrow)]
    message: &'a RawValue,
    org_id: Option<String>,
    fault: Option<String>,
    #[serde(default)]
    before: usize,
}

#[derive(Deserialize)]
struct ChannelRequest<'a> {
    path: String,
    #[serde(borrow)]
    message: &'a RawValue,
}

pub(super) async fn institution(state: &State, body: &Bytes) -> Result<Reply, Refusal> {
    let asked: SendRequest<'_> = read_borrowed(body, "orgCodg、path、message，可选 orgId、fault、before")?;
    let fault = match asked.fault.as_deref() {
        None => Fault::None,
        Some("key") => Fault::Key,
        Some(_) => return Err(Refusal::Value("fault", "key")),
    };
    if asked.before > MOST_BEFORE {
        return Err(Refusal::Value("before", "0 至 1000 的整数"));
    }
    let path = address(&asked.path)?;
    let desk = Desk::of(state, &asked.org_codg)?;
    let desk = match asked.org_id.as_deref() {
        None => desk,
        Some(org_id) => desk.under(org_id).ok_or(Refusal::Value("orgId", "sandbox.json 中的账号"))?,
    };
    let sent = send(&desk, (path, asked.message.get()), fault, asked.before).await?;
    Ok(reply(&serde_json::json!({ "code": sent.code, "message": sent.message })))
}

pub(super) async fn channel(state: &State, id: &str, body: &Bytes) -> Result<Reply, Refusal> {
    let asked: ChannelRequest<'_> = read_borrowed(body, "path、message")?;
    let channel = request::channel(state, id)?;
    let said = ask(state, channel, address(&asked.path)?, asked.message.get()).await;
    said.map(|said| pass_on(&said)).map_err(Refusal::Center)
}

/// An address below the center's own.
fn address(path: &str) -> Result<&str, Refusal> {
    let fit = path.starts_with('/')
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    if fit { Ok(path) } else { Err(Refusal::Value("path", "以 / 开头的地址")) }
}

fn read_borrowed<'a, T: Deserialize<'a>>(body: &'a Bytes, needs: &'static str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::Body(needs))
}
