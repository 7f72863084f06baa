//! Whether a printed feedback form (反馈表) counts: the code on it leads here. Whoever has the paper may ask, and learns nothing that
//! is not on it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::Response;
use http::{Method, Request};
use maud::html;
use subtle::ConstantTimeEq;
use yanmi_onboarding::application::State;

use super::request::{self, ApplicantRefusal, ApplicantRequest};
use crate::site::Site;

pub(super) async fn handle(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, true, answer).await
}

async fn answer(page: &mut ApplicantRequest<'_>, _: Body) -> Result<Response, ApplicantRefusal> {
    if page.method != Method::GET {
        return Err(ApplicantRefusal::BadMethod);
    }
    // Digits are sixteen, and nobody needs many tries to read them.
    page.count_try()?;
    let code = page.segment("/f/").ok_or(ApplicantRefusal::Nowhere)?;
    let found = page
        .site
        .console
        .work(async |a| {
            let Some((row, later)) = a.feedback(&code).await? else { return Ok(None) };
            let application = a.application(row.application).await?;
            Ok(Some((row, later, application.application)))
        })
        .await?;
    let digits = page.query.text("d").to_ascii_uppercase();
    let is_it = |digest: String| bool::from(digest.to_ascii_uppercase().as_bytes().ct_eq(digits.as_bytes()));
    let Some((row, later, application)) = found.filter(|(row, ..)| is_it(row.paper.short_digest())) else {
        let why = "没有出具过这个编号与摘要的反馈表：请与纸面核对，或向出具单位查询。";
        return Err(ApplicantRefusal::Gone(why.to_owned()));
    };
    let paper = row.paper.paper();
    let (good, state) = match (later, application.state()) {
        (Some(later), _) => (false, format!("已由 {later} 取代")),
        (None, State::Suspended { .. }) => (false, "账户停用中".to_owned()),
        (None, State::Closed { .. }) => (false, "账户已注销".to_owned()),
        (None, _) if !paper.is_valid_at(page.now) => (false, "已过有效期".to_owned()),
        (None, _) => (true, "有效".to_owned()),
    };
    let middle = html! {
        p.said.bad[!good] role="status" { (state) }
        div.box { dl {
            dt { "编号" } dd { (row.code) }
            dt { "出具" } dd { (paper.issuer.name) "，" (paper.issued_at.shanghai_date()) }
            dt { "业务系统编码" } dd { (paper.system.org_id.as_str()) }
        } }
    };
    Ok(page.page("反馈表", &middle))
}
