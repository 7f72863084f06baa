//! Somebody's own page: what he has done, and the provider's account that is bound to him.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};

use super::request::{self, ConsoleRefusal, OperatorRequest};
use super::{events, oidc};
use crate::registry::EventScope;
use crate::site::Site;
use crate::staff::{FlowStep, ProvenSubject};

/// The page.
const PATH: &str = "/o/me";

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, body| {
        if page.method == Method::POST { act(page, body).await } else { shown(page).await }
    })
    .await
}

/// What he has done himself; also logins, which belong to nobody else.
async fn shown(page: &OperatorRequest<'_>) -> Result<Response, ConsoleRefusal> {
    let login = page.session()?.operator.login;
    let scope = EventScope::Own(login.as_str().to_owned());
    let middle = html! {
        (page.said())
        @if page.site.console.oidc.is_some() { (account(page)?) }
        (events::table(page, &scope).await?)
    };
    Ok(page.page("我做过的", &middle))
}

/// Whom the provider has named to this browser, to be bound to him who is logged in.
fn proven(page: &OperatorRequest<'_>) -> Result<Option<ProvenSubject>, ConsoleRefusal> {
    let login = page.session()?.operator.login;
    let flow = oidc::flow(page).filter(|flow| flow.binds.as_deref() == Some(login.as_str()));
    Ok(flow.and_then(|flow| match flow.step {
        FlowStep::Proven(proven) => Some(proven),
        FlowStep::Asked(_) => None,
    }))
}

/// The provider's account that is bound, or is to be.
fn account(page: &OperatorRequest<'_>) -> Result<Markup, ConsoleRefusal> {
    let bound = page.session()?.operator.oidc.as_deref();
    let (act, words) = match (bound, proven(page)?) {
        (_, Some(proven)) => {
            ("confirm", html! { "将统一认证账号 " strong { (proven.name) } " 绑定到您：以后可以用它登录。" })
        }
        (Some(shown), None) => ("unbind", html! { "已绑定统一认证账号（编号 " code { (shown) } "）。" }),
        (None, None) => ("bind", html! { "没有绑定统一认证账号。绑定之后，可以用它代替密码登录。" }),
    };
    let button = match act {
        "confirm" => "确认绑定",
        "unbind" => "解除绑定",
        _ => "去统一认证，绑定账号",
    };
    Ok(html! {
        form.box method="post" action=(PATH) autocomplete="off" {
            h2 { "统一认证" }
            p { (words) }
            input type="hidden" name="do" value=(act);
            (page.proof_fields())
            p { button { (button) } }
        }
    })
}

async fn act(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let form = page.act(body).await?;
    let site = Arc::clone(page.site);
    let provider = site.console.oidc.as_ref().ok_or(ConsoleRefusal::Nowhere)?;
    let (login, now) = (page.session()?.operator.login, page.now);
    match form.text("do") {
        "bind" => match provider.begin(&site.sealer, Some(login.as_str().to_owned()), PATH, now).await {
            Ok((url, flow)) => {
                // No redirect: forms of this page may lead nowhere else.
                let mut response = oidc::onward(page, &url);
                oidc::carry(page, &mut response, Some(&flow));
                Ok(response)
            }
            Err(error) => Ok(oidc::unavailable(page, &error)),
        },
        "confirm" => {
            let why = "没有等待绑定的账号，或者已超过 10 分钟：请重新去统一认证。";
            let proven = proven(page)?.ok_or_else(|| ConsoleRefusal::Refused(why.to_owned()))?;
            site.console.work(async |a| a.bind_subject(login, &proven.subject, now).await).await?;
            let mut response = page.done();
            oidc::carry(page, &mut response, None);
            Ok(response)
        }
        "unbind" => {
            site.console.work(async |a| a.unbind_subject(login, now).await).await?;
            Ok(page.done())
        }
        _ => Err(ConsoleRefusal::BadForm),
    }
}
