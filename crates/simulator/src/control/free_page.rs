//! `POST /phones/{ecIndexNo}/passwordFreePage {"chnlId"}` → the center's answer to the channel: the person opens the page of
//! password-free settlement from one app.

use bytes::Bytes;
use serde::Deserialize;
use yanmi_protocol::message::{password_free_page, pending};

use super::request::{Refusal, channel, pass_on, person, read};
use crate::channel::ask;
use crate::reply::Reply;
use crate::state::State;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageRequest {
    chnl_id: String,
}

pub(super) async fn link(state: &State, index: &str, body: &Bytes) -> Result<Reply, Refusal> {
    let request: PageRequest = read(body, "chnlId")?;
    let person = person(state, index)?;
    let channel = channel(state, &request.chnl_id)?;
    let plain = pending::Request { index: person.ec_index_no }.to_json();
    let said = ask(state, channel, password_free_page::PATH, &plain).await;
    said.map(|said| pass_on(&said)).map_err(Refusal::Center)
}
