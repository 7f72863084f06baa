//! `GET /phones/{ecIndexNo}/notices`: what the person's phone shows, over all their apps, the newest first.
//!
//! The apps ask the center for pending notices first; that is how a notice is found whose push got lost.
//!
//! `POST /phones/{ecIndexNo}/messageCenter {"chnlId"}` → the same, after one app asked for everybody to see.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::request::{Refusal, channel, person, read, reply};
use crate::channel::{open_message_center, pull_pending};
use crate::phone;
use crate::reply::Reply;
use crate::state::State;
use crate::watch::Actor;
use crate::world::Person;

/// How long one app waits for the center's pending notices before the phone shows what it has.
pub(super) const PENDING_DEADLINE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageCenterRequest {
    chnl_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NoticeRow<'a> {
    notc_no: String,
    chnl_id: String,
    org_name: &'a str,
    total_amount: Option<String>,
    exp_time: String,
    state: &'static str,
    /// How often the phone rang about it.
    alerts: u32,
    /// The center's page for it, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    notices: Vec<NoticeRow<'a>>,
}

pub(super) async fn list(state: &State, index: &str) -> Result<Reply, Refusal> {
    let person = person(state, index)?;
    pull_pending(state, person, PENDING_DEADLINE).await;
    Ok(rows(state, person))
}

pub(super) async fn message_center(state: &State, index: &str, body: &Bytes) -> Result<Reply, Refusal> {
    let request: MessageCenterRequest = read(body, "chnlId")?;
    let (person, channel) = (person(state, index)?, channel(state, &request.chnl_id)?);
    state.watch.step(Actor::Person, &format!("参保人打开「{}」的消息中心", channel.name));
    open_message_center(state, person, channel).await.map_err(Refusal::Center)?;
    Ok(rows(state, person))
}

fn rows(state: &State, person: &Person) -> Reply {
    let now = state.now();
    let phones = state.phones();
    let rows = phones.of(person.ec_index_no).iter().map(|entry| NoticeRow {
        notc_no: entry.notice.number.to_string(),
        chnl_id: entry.notice.channel.as_str().to_owned(),
        org_name: &entry.notice.org_name,
        total_amount: entry.notice.amount.map(|amount| amount.to_string()),
        exp_time: entry.notice.expires_at.to_string(),
        state: phone::word(entry, now),
        alerts: entry.alerts,
        auth_url: entry.notice.url.as_deref(),
    });
    reply(&Answer { notices: rows.collect() })
}
