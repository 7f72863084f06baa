//! 1.7.2 查询参保人线上密码核验认证状态: may we settle?

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::message::status::{self as message, Extension};
use yanmi_protocol::{AccountId, SerialNo, UnixMillis};
use yanmi_verification::{Verification, stage};

use super::caller::{ByAccount, check_institution};
use crate::face::envelope::{self, Call};
use crate::journey::look::LookJourney;
use crate::ledger::Key;
use crate::page_link::check_number;
use crate::refusal::Refusal;
use crate::registry::Interface;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByAccount(Interface::Status), Operation::Status, message::PATH, request, query)
        .await
}

async fn query(call: &mut Call<AccountId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::Member)?;
    call.noted.token = Some(request.token);
    call.noted.org_code = request.org_code;
    let (org_code, _) = check_institution(call, request.org_code)?;
    let key = Key { token: request.token, org_code };
    let mut journey = LookJourney {
        site: &call.site,
        registry: &call.registry,
        share: &call.share,
        key,
        begin: &|| call.begin(),
        batch: 0,
    };
    let found = match request.wait_seconds {
        Some(seconds) => Box::pin(journey.hold(Duration::from_secs(seconds))).await,
        None => journey.look().await,
    };
    call.noted.batch = journey.batch;
    let found = found?;
    call.noted.retry_after = found.retry_after;
    let serial = match found.verification {
        Some(verification) => verification.serial,
        None => fresh_serial(call).await?,
    };
    let now = call.site.clock.now();
    let extension = request.extended.then(|| extension(&call.site, found.verification.as_ref(), now));
    Ok(message::answer_json(found.confirmed, serial, extension.as_ref()))
}

async fn fresh_serial(call: &Call<AccountId>) -> Result<SerialNo, Refusal> {
    let number = call.site.ledger.number().await?;
    SerialNo::from_parts(number.number(), call.now)
        .ok_or_else(|| Refusal::Broken("流水号超出范围".to_owned()))
}

/// Where there is a page, with the number the person sees on it.
fn extension(site: &Site, verification: Option<&Verification>, now: UnixMillis) -> Extension {
    let mut extension = stage::extension(verification, now);
    if site.place.is_some() {
        extension.check_number = verification.map(|v| check_number(&site.sealer, v.notice));
    }
    extension
}
