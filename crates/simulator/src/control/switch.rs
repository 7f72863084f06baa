//! `POST /phones/{ecIndexNo}/passwordFree {"chnlId","openFlag","singleAmt"?,"dayAmt"?,"dayCnt"?}` → the center's
//! answer to the channel: the person switches password-free settlement on ("1") or off ("0") in one app.

use bytes::Bytes;
use serde::Deserialize;
use yanmi_protocol::message::password_free;
use yanmi_protocol::{Amount, Members};

use super::request::{Refusal, channel, pass_on, person, read};
use crate::channel::ask;
use crate::reply::Reply;
use crate::state::State;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SwitchRequest {
    chnl_id: String,
    open_flag: String,
}

pub(super) async fn switch(state: &State, index: &str, body: &Bytes) -> Result<Reply, Refusal> {
    let needs = "chnlId、openFlag，可选 singleAmt、dayAmt、dayCnt";
    let request: SwitchRequest = read(body, needs)?;
    let open = match request.open_flag.as_str() {
        "0" => false,
        "1" => true,
        _ => return Err(Refusal::Value("openFlag", "0、1 之一")),
    };
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Body(needs))?;
    let members = Members::parse(text).map_err(|_| Refusal::Body(needs))?;
    let amount = |member| -> Result<Option<Amount>, Refusal> {
        members.amount(member).map_err(|_| Refusal::Value(member, "不小于零、最多两位小数的金额"))
    };
    let count = members.integer("dayCnt", 1..=password_free::MAX_DAY_COUNT);
    let count = count.map_err(|_| Refusal::Value("dayCnt", "1 至 1000 的整数"))?;
    let person = person(state, index)?;
    let channel = channel(state, &request.chnl_id)?;
    let plain = password_free::Request {
        index: person.ec_index_no,
        open,
        single_limit: amount("singleAmt")?,
        day_limit: amount("dayAmt")?,
        day_count: count.and_then(|count| u32::try_from(count).ok()),
    }
    .to_json();
    let said = ask(state, channel, password_free::PATH, &plain).await;
    said.map(|said| pass_on(&said)).map_err(Refusal::Center)
}
