//! `POST /qr {"ecIndexNo","chnlId"}` → `{"ecQrCode"}`: the person shows their code in an app.
//!
//! An app the person has not authorized shows one too; the center then refuses its token (500003).

use bytes::Bytes;
use serde::Deserialize;

use super::{Refusal, channel, person, read, reply};
use crate::serve::Reply;
use crate::state::State;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    ec_index_no: String,
    chnl_id: String,
}

pub(super) fn show(state: &State, body: &Bytes) -> Result<Reply, Refusal> {
    let request: Request = read(body, "ecIndexNo、chnlId")?;
    let person = person(state, &request.ec_index_no)?;
    let channel = channel(state, &request.chnl_id)?;
    let code = state.qr_code(person, channel).ok_or(Refusal::NoPerson)?;
    Ok(reply(&serde_json::json!({ "ecQrCode": code.as_str() })))
}
