//! 待办通知: what the person's message center shows when the push got lost.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::ChannelId;
use yanmi_protocol::message::pending as message;

use super::caller::ByChannel;
use crate::face::envelope::{self, Call};
use crate::journey::credential::person_key;
use crate::journey::notice;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByChannel, Operation::Pending, message::PATH, request, list).await
}

async fn list(call: &mut Call<ChannelId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::ChannelMember)?;
    let person = person_key(&call.site.sealer, &request.index);
    let found = call.site.ledger.pending(person, call.caller, call.now, message::MAX_NOTICES).await?;
    let notices: Result<Vec<_>, Refusal> =
        found.iter().map(|shown| notice::of_stored(&call.site, &call.registry, shown)).collect();
    Ok(message::answer_json(&notices?))
}
