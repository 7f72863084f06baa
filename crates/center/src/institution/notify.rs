//! 1.7.1 线上密码核验认证通知: what an institution asks for, and what it is answered. What is done is
//! `journey::notify`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::display::{self, Trick};
use yanmi_protocol::message::notify as message;
use yanmi_protocol::{AccountId, MemberError, Problem};

use super::caller::{ByAccount, check_institution};
use crate::arrivals::Arrival;
use crate::face::envelope::{self, Call};
use crate::journey::notify::NoticeJourney;
use crate::ledger::Key;
use crate::refusal::Refusal;
use crate::registry::Interface;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByAccount(Interface::Notify), Operation::Notify, message::PATH, request, notify)
        .await
}

async fn notify(call: &mut Call<AccountId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::Member)?;
    call.noted.token = Some(request.token);
    call.noted.org_code = request.org_code;
    let (org_code, institution) = check_institution(call, request.org_code)?;
    let registered = call.site.settings.show_registered_name || institution.name == request.org_name;
    if !registered {
        let deceptive = |trick: Trick| MemberError::new("orgName", Problem::Other(trick.to_string()));
        display::check(&request.org_name).map_err(|trick| Refusal::Member(deceptive(trick)))?;
    }
    let journey = NoticeJourney {
        site: Arc::clone(&call.site),
        registry: Arc::clone(&call.registry),
        share: Arc::clone(&call.share),
        started: call.started,
        key: Key { token: request.token, org_code },
        shown_name: (!registered).then_some(request.org_name),
        extended: request.extended,
        registered_name: institution.name.clone(),
    };
    let amount = request.amount;
    let reply = if call.begin()? == Arrival::Again {
        Box::pin(journey.repeat(amount)).await?
    } else {
        // A task of its own, which goes on when the institution hangs up and this future is dropped.
        let task = tokio::spawn(async move { journey.run(amount).await });
        let (batch, notice, result) =
            task.await.map_err(|error| Refusal::Broken(format!("通知任务中断：{error}")))?;
        call.noted.batch = batch;
        call.noted.notice = notice;
        result?
    };
    Ok(message::Answer::notified_json(reply.serial, reply.check_number.as_deref()))
}
