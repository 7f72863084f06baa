//! 待办通知: what the person's message center shows when the push got lost.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::ChannelId;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::message::pending as message;

use super::ByChannel;
use super::notice::{self, Occasion};
use crate::credential::person_key;
use crate::envelope::{self, Call};
use crate::ledger::Shown;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByChannel, Operation::Pending, request, list).await
}

async fn list(call: &mut Call<ChannelId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::ChannelMember)?;
    let person = person_key(&call.site.sealer, &request.index);
    let found = call.site.ledger.pending(person, call.caller, call.now, message::MAX_NOTICES).await?;
    let notices: Result<Vec<_>, Refusal> = found.iter().map(|shown| build(call, shown)).collect();
    Ok(message::answer_json(&notices?))
}

fn build(
    call: &Call<ChannelId>,
    shown: &Shown,
) -> Result<yanmi_protocol::message::channel_notice::Notice, Refusal> {
    let registered = call.registry.institution(&shown.key.org_code).map(|i| i.name.as_str());
    let facts = call.registry.channel_facts(&call.caller);
    let mut ways = facts.map(|facts| facts.ways).unwrap_or_default();
    if !shown.credential.password_set {
        ways = ways.without(Way::CredentialPassword);
    }
    let occasion = Occasion {
        key: shown.key,
        verification: &shown.verification,
        credential: &shown.credential,
        holder: &shown.holder,
        // An institution that was taken out of the registry meanwhile is shown by its code.
        org_name: shown.org_name.as_deref().or(registered).unwrap_or(shown.key.org_code.as_str()),
        ways,
    };
    notice::build(&call.site, &occasion)
}
