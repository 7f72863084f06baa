//! 免密设置页面: a link to the person's own page, for an app that has none (V10).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::ChannelId;
use yanmi_protocol::message::password_free_page as message;

use super::caller::ByChannel;
use crate::face::envelope::{self, Call};
use crate::journey::credential::person_key;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByChannel, Operation::PasswordFreePage, message::PATH, request, link).await
}

async fn link(call: &mut Call<ChannelId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::ChannelMember)?;
    // A site without pages has nothing to call.
    let place = call.site.place.clone().ok_or(Refusal::NoRight)?;
    let person = person_key(&call.site.sealer, &request.index);
    let number = call.site.ledger.number().await?;
    let (url, until) = place.settings_url(&call.site.sealer, number, person, call.caller, call.now);
    Ok(message::answer_json(&url, until))
}
