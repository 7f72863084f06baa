//! `POST /qr {"ecIndexNo","chnlId"}` → `{"ecQrCode"}`: the person shows their code in an app.
//!
//! An app the person has not authorized shows one too; the center then refuses its token (500003).

use bytes::Bytes;
use serde::Deserialize;

use super::request::{Refusal, channel, person, read, reply};
use crate::reply::Reply;
use crate::state::State;
use crate::watch::{Actor, Showing};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodeRequest {
    ec_index_no: String,
    chnl_id: String,
}

pub(super) fn show(state: &State, body: &Bytes) -> Result<Reply, Refusal> {
    let request: CodeRequest = read(body, "ecIndexNo、chnlId")?;
    let person = person(state, &request.ec_index_no)?;
    let channel = channel(state, &request.chnl_id)?;
    let code = state.qr_code(person, channel).ok_or(Refusal::NoPerson)?;
    state.watch.step(Actor::Person, &format!("参保人在「{}」展示医保电子凭证二维码", channel.name));
    state.watch.show(Some(Showing {
        ec_index_no: person.ec_index_no.as_str().to_owned(),
        chnl_id: channel.chnl_id.as_str().to_owned(),
        ec_qr_code: code.as_str().to_owned(),
    }));
    Ok(reply(&serde_json::json!({ "ecQrCode": code.as_str() })))
}
