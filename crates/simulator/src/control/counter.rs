//! The counter of the page one can watch, for its buttons and for tests:
//!
//! | request | what the clerk does |
//! |---|---|
//! | `POST /counter/scan {"orgCodg","ecQrCode"}` | scans a code: a new visit |
//! | `POST /counter/token {"orgCodg","token"}` | takes a token from somewhere else: a new visit |
//! | `POST /counter/notify {"totalAmount"?}` | has the person asked, and holds a status query until there is a result |
//! | `POST /counter/status`, `/counter/settle`, `/counter/leave` | asks by hand, settles, ends the visit |
//!
//! Each is answered with the visit as it then stands.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use yanmi_protocol::EcToken;

use super::request::{Refusal, read, reply};
use crate::reply::Reply;
use crate::state::State;
use crate::watch::counter::{self, CounterError};

impl From<CounterError> for Refusal {
    fn from(error: CounterError) -> Self {
        match error {
            CounterError::NoInstitution => Self::Value("orgCodg", "sandbox.json 中的机构代码"),
            CounterError::NoToken => Self::Now("请先扫码或录入令牌"),
            CounterError::NotAllowed => Self::Now("参保人尚未确认，不能结算"),
            CounterError::Center(why) => Self::Center(why),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scan {
    org_codg: String,
    ec_qr_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenRequest {
    org_codg: String,
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notify {
    total_amount: Option<String>,
}

pub(super) async fn act(state: &Arc<State>, what: &str, body: &Bytes) -> Result<Reply, Refusal> {
    match what {
        "scan" => {
            let request: Scan = read(body, "orgCodg、ecQrCode")?;
            counter::scan(state, &request.org_codg, &request.ec_qr_code).await?;
        }
        "token" => {
            let request: TokenRequest = read(body, "orgCodg、token")?;
            let token = EcToken::new(&request.token);
            let token = token.map_err(|_| Refusal::Value("token", "1 至 40 位字母数字"))?;
            counter::use_token(state, &request.org_codg, &token)?;
        }
        "notify" => {
            let request: Notify = read(body, "可选 totalAmount")?;
            let amount = request.total_amount.as_deref().filter(|amount| !amount.is_empty());
            counter::notify(state, amount).await?;
        }
        "status" => counter::ask(state).await?,
        "settle" => counter::settle(state)?,
        "leave" => counter::leave(state),
        _ => return Err(Refusal::NoAddress),
    }
    Ok(reply(&state.watch.counter.visit()))
}
