//! 密码核验: a person's credential password, checked by the national center (section 3 of the reading).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_protocol::message::national::PasswordQuestion;
use yanmi_protocol::message::password as message;
use yanmi_protocol::{AccountId, MemberError};

use super::caller::ByAccount;
use crate::arrivals::Arrival;
use crate::face::envelope::{self, Call};
use crate::journey::password_check::{self, Checked};
use crate::refusal::Refusal;
use crate::registry::Interface;
use crate::site::Site;
use crate::telemetry::Operation;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    envelope::serve(site, ByAccount(Interface::Password), Operation::Password, message::PATH, request, check)
        .await
}

async fn check(call: &mut Call<AccountId>) -> Result<String, Refusal> {
    let request = message::Request::read(&call.members()?).map_err(Refusal::Member)?;
    if !call.site.settings.certificate_types.contains(&request.id_type) {
        let (taken, seen) = ("本中心核验密码的证件类型", request.id_type.code());
        return Err(Refusal::Member(MemberError::value("idType", taken, seen)));
    }
    // What it came to the first time was told then, and asking again would count a try.
    if call.begin()? == Arrival::Again {
        return Err(Refusal::Repeated);
    }
    let question = PasswordQuestion {
        id_type: request.id_type.code().to_owned(),
        id_no: request.id_no,
        user_name: request.user_name,
        password: request.password,
    };
    let (site, share) = (Arc::clone(&call.site), Arc::clone(&call.share));
    let misses = call.registry.account_of(&call.caller).map(|account| Arc::clone(&account.misses));
    // A try that was begun is ended even when the institution hangs up.
    let task =
        tokio::spawn(
            async move { password_check::check(&site, &share, question, None, misses.as_deref()).await },
        );
    let checked = task.await.map_err(|error| Refusal::Broken(format!("密码核验任务中断：{error}")))??;
    let right = matches!(checked, Checked::Right);
    Ok(message::answer_json(right, &request.request_serial, call.site.clock.now()))
}
