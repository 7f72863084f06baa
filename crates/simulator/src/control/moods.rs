//! `POST /channels/{chnlId}/mood {"mood":"ok|refuse|hang|reset|http500|slow","ms":0}` and
//! `POST /national/mood {"mood":"ok|error|timeout"}` → `{"mood"}`. `ms` counts for `slow` only.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::{Refusal, read, reply};
use crate::mood::{ChannelMood, NationalMood};
use crate::serve::Reply;
use crate::state::State;
use crate::watch::Actor;

#[derive(Deserialize)]
struct Request {
    mood: String,
    #[serde(default)]
    ms: u64,
}

pub(super) fn channel(state: &State, id: &str, body: &Bytes) -> Result<Reply, Refusal> {
    let request: Request = read(body, "mood，slow 时加 ms（毫秒）")?;
    let values = "ok、refuse、hang、reset、http500、slow 之一";
    let mood = ChannelMood::from_name(&request.mood, Duration::from_millis(request.ms));
    let mood = mood.ok_or(Refusal::Value("mood", values))?;
    let channel = super::channel(state, id)?;
    state.set_channel_mood(channel.chnl_id, mood);
    state.watch.step(Actor::Director, &format!("把「{}」改为：{}", channel.name, mood.words()));
    Ok(reply(&serde_json::json!({ "mood": mood.name() })))
}

pub(super) fn national(state: &State, body: &Bytes) -> Result<Reply, Refusal> {
    let request: Request = read(body, "mood")?;
    let mood = NationalMood::from_name(&request.mood);
    let mood = mood.ok_or(Refusal::Value("mood", "ok、error、timeout 之一"))?;
    state.set_national_mood(mood);
    state.watch.step(Actor::Director, &format!("把国家电子凭证改为：{}", mood.words()));
    Ok(reply(&serde_json::json!({ "mood": mood.name() })))
}
