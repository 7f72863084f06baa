//! `POST /channels/{chnlId}/mood {"mood":"ok|refuse|hang|reset|http500|free|slow","ms":0}`,
//! `POST /national/mood {"mood":"ok|error|timeout"}` and `POST /center/mood {"mood":"ok|failing"}` → `{"mood"}`. `ms` counts for
//! `slow` only.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::request::{self, Refusal, read, reply};
use crate::mood::{ChannelMood, NationalMood};
use crate::reply::Reply;
use crate::state::State;
use crate::watch::Actor;

#[derive(Deserialize)]
struct MoodRequest {
    mood: String,
    #[serde(default)]
    ms: u64,
}

pub(super) fn channel(state: &State, id: &str, body: &Bytes) -> Result<Reply, Refusal> {
    let asked: MoodRequest = read(body, "mood，slow 时加 ms（毫秒）")?;
    let values = "ok、refuse、hang、reset、http500、free、slow 之一";
    let mood = ChannelMood::from_name(&asked.mood, Duration::from_millis(asked.ms));
    let mood = mood.ok_or(Refusal::Value("mood", values))?;
    let channel = request::channel(state, id)?;
    state.set_channel_mood(channel.chnl_id, mood);
    state.watch.step(Actor::Director, &format!("把「{}」改为：{}", channel.name, mood.words()));
    Ok(reply(&serde_json::json!({ "mood": mood.name() })))
}

pub(super) fn national(state: &State, body: &Bytes) -> Result<Reply, Refusal> {
    let asked: MoodRequest = read(body, "mood")?;
    let mood = NationalMood::from_name(&asked.mood);
    let mood = mood.ok_or(Refusal::Value("mood", "ok、error、timeout 之一"))?;
    state.set_national_mood(mood);
    state.watch.step(Actor::Director, &format!("把国家电子凭证改为：{}", mood.words()));
    Ok(reply(&serde_json::json!({ "mood": mood.name() })))
}

/// The center's store takes nothing while it fails: notices and confirmations are answered -1, and it is not ready.
pub(super) fn center(state: &State, body: &Bytes) -> Result<Reply, Refusal> {
    let asked: MoodRequest = read(body, "mood")?;
    let (failing, words) = match asked.mood.as_str() {
        "ok" => (false, "正常"),
        "failing" => (true, "存储故障"),
        _ => return Err(Refusal::Value("mood", "ok、failing 之一")),
    };
    if !state.withhold_store(failing) {
        return Err(Refusal::Now("旁边没有可以这样设置的中心"));
    }
    state.watch.step(Actor::Director, &format!("把中心改为：{words}"));
    Ok(reply(&serde_json::json!({ "mood": asked.mood })))
}
