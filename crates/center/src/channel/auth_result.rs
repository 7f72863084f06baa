//! 认证结果: what the person did, as the channel tells it (V6, V12; `report` is what becomes of it).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::message::auth_result::{self as message, Accepted};
use yanmi_protocol::{ChannelId, MemberError, Problem};
use yanmi_verification::Refusal as Rule;

use super::caller::ByChannel;
use crate::arrivals::Arrival;
use crate::face::envelope::{self, Call};
use crate::journey::report::{Report, ReportOutcome, Teller, way_of};
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByChannel, Operation::AuthResult, message::PATH, request, take).await
}

async fn take(call: &mut Call<ChannelId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::ChannelMember)?;
    let found = call.site.ledger.by_notice(request.notice).await?;
    // A notice of another channel is as unknown as one that never was.
    let found = found.filter(|shown| shown.credential.channel == call.caller);
    let shown = found.ok_or(Refusal::Rule(Rule::NoticeNotLive))?;
    call.noted.token = Some(shown.key.token);
    check_way(call, &request.outcome)?;
    let teller = Teller::Channel { confirmed_by: request.confirmed_by };
    let (site, share) = (Arc::clone(&call.site), Arc::clone(&call.share));
    let report = Report { site, share, shown, done: request.outcome, teller };
    if call.begin()? == Arrival::Again {
        // A confirmation that counts is told of; anything else would be another try, or another end.
        return if report.stands() {
            Ok(message::answer_json(Accepted::Yes))
        } else {
            Err(Refusal::Repeated)
        };
    }
    let (batch, taken) = report.finish().await?;
    call.noted.batch = batch;
    let accepted = match taken? {
        ReportOutcome::Accepted => Accepted::Yes,
        ReportOutcome::WrongPassword { left } => Accepted::WrongPassword { tries_left: left },
    };
    Ok(message::answer_json(accepted))
}

/// A channel confirms in the ways it is registered with.
fn check_way(call: &Call<ChannelId>, outcome: &message::Outcome) -> Result<(), Refusal> {
    let Some(way) = way_of(outcome) else { return Ok(()) };
    let offered = call.registry.channel_facts(&call.caller).is_some_and(|facts| facts.ways.contains(way));
    let text = "不是该渠道登记的认证方式".to_owned();
    let error = MemberError::new("authWay", Problem::Other(text));
    if offered { Ok(()) } else { Err(Refusal::ChannelMember(error)) }
}
