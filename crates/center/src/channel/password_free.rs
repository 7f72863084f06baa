//! 免密设置: the person switches password-free settlement on or off in this app (V10).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::message::password_free as message;
use yanmi_protocol::{ChannelId, MemberError, Problem};

use super::caller::ByChannel;
use crate::arrivals::Arrival;
use crate::face::envelope::{self, Call};
use crate::journey::credential::person_key;
use crate::ledger::SwitchFree;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByChannel, Operation::PasswordFree, message::PATH, request, switch).await
}

async fn switch(call: &mut Call<ChannelId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::ChannelMember)?;
    let offered = call.registry.channel_facts(&call.caller).is_some_and(|facts| facts.password_free);
    if request.open && !offered {
        let text = "该渠道未登记免密功能".to_owned();
        return Err(Refusal::ChannelMember(MemberError::new("openFlag", Problem::Other(text))));
    }
    let person = person_key(&call.site.sealer, &request.index);
    if call.begin()? == Arrival::Again {
        // The person may have switched it since: that stands.
        let settings = call.site.ledger.settings(person, call.caller).await?;
        return Ok(message::answer_json(settings.free.is_some_and(|free| free.open)));
    }
    let command = SwitchFree {
        person,
        channel: call.caller,
        open: request.open,
        single_limit: request.single_limit,
        day_limit: request.day_limit,
        day_count: request.day_count,
    };
    call.noted.batch = call.site.ledger.decide(&call.share, command).await?.batch;
    Ok(message::answer_json(request.open))
}
