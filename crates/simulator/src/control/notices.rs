//! `GET /phones/{ecIndexNo}/notices`: what the person's phone shows, over all their apps, the newest first.
//!
//! The apps ask the center for pending notices first; that is how a notice is found whose push got lost.

use std::time::Duration;

use serde::Serialize;

use super::{Refusal, person, reply};
use crate::channel::pull_pending;
use crate::serve::Reply;
use crate::state::State;

/// How long one app waits for the center's pending notices before the phone shows what it has.
pub(super) const PENDING_DEADLINE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    notc_no: String,
    chnl_id: String,
    org_name: &'a str,
    total_amount: Option<String>,
    exp_time: String,
    state: &'static str,
}

#[derive(Serialize)]
struct Answer<'a> {
    notices: Vec<Row<'a>>,
}

pub(super) async fn list(state: &State, index: &str) -> Result<Reply, Refusal> {
    let person = person(state, index)?;
    pull_pending(state, person, PENDING_DEADLINE).await;
    let now = state.now();
    let phones = state.phones();
    let rows = phones.of(person.ec_index_no).iter().map(|(shown, org_name)| Row {
        notc_no: shown.number.to_string(),
        chnl_id: shown.channel.as_str().to_owned(),
        org_name,
        total_amount: shown.amount.map(|amount| amount.to_string()),
        exp_time: shown.expires_at.to_string(),
        state: shown.state(now),
    });
    Ok(reply(&Answer { notices: rows.collect() }))
}
