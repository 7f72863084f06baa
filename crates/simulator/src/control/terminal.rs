//! `POST /terminal {"mood"?:"ok|wrong|unreachable|hang","ecIndexNo"?}` → the same: how the medical-insurance terminal
//! behaves, and who stands before it. What is left out is as in the beginning: all is well, and whoever the visit is
//! about stands there.

use bytes::Bytes;
use serde::Deserialize;

use super::request::{Refusal, person, read, reply};
use crate::reply::Reply;
use crate::state::State;
use crate::terminal::{Terminal, TerminalMood};
use crate::watch::Actor;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TerminalRequest {
    mood: Option<String>,
    ec_index_no: Option<String>,
}

pub(super) fn set(state: &State, body: &Bytes) -> Result<Reply, Refusal> {
    let request: TerminalRequest = read(body, "可选 mood、ecIndexNo")?;
    let mood = request.mood.as_deref().map_or(Some(TerminalMood::Ok), TerminalMood::from_name);
    let mood = mood.ok_or(Refusal::Value("mood", "ok、wrong、unreachable、hang 之一"))?;
    let index = request.ec_index_no.as_deref().map(|index| person(state, index)).transpose()?;
    let index = index.map(|person| person.ec_index_no);
    state.set_terminal(Terminal { mood, person: index });
    state.watch.step(Actor::Director, &format!("把医保终端改为：{}", mood.words()));
    let shown = index.as_ref().map(yanmi_protocol::EcIndexNo::as_str);
    Ok(reply(&serde_json::json!({ "mood": mood.name(), "ecIndexNo": shown })))
}
