//! Logging in by the provider (统一认证): away, back, and the code of the phone.
//!
//! The browser comes back from another site, so the session's cookie, which is `Strict`, does not come with it; the flow's is
//! `Lax`. For the same reason the answer to it is a page of this site that leads on, and no redirect: what is asked for from
//! that page has the new session with it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, Method, Request, StatusCode, header};
use maud::{Markup, html};

use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::login::place;
use crate::face::page::see_other;
use crate::registry::{AdministrationError, OidcTry};
use crate::site::Site;
use crate::staff::{
    FLOW_LIFE, FlowStep, OidcError, OidcFlow, OpenIdProvider, ProvenSubject, ProviderIdentity,
};
use crate::telemetry::chain;

/// What the browser carries meanwhile.
const COOKIE: &str = "yanmi-oidc";
/// What the pages are called.
const TITLE: &str = "统一认证登录";
/// What is wrong with an answer that nobody waits for.
const STALE: &str = "这一次的统一认证登录已过期、已用过，或者不是这个浏览器开始的：请从登录页重新开始。";
/// Why whom the provider named is not let in; which of it is not said.
const NOT_LET_IN: &str = "不能登录：验证码不对，这一次登录已用过，或者操作员被锁定、注销、超过 90 天没有登录。\
                          连续 5 次验证码不对会锁定 30 分钟；其余请找系统管理员。";

/// GET sends the browser to the provider, POST brings the code of the phone after it.
pub(super) async fn login(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, true, async |page, body| {
        page.count_try()?;
        if page.method == Method::POST { finish(page, body).await } else { begin(page).await }
    })
    .await
}

/// The browser is back from the provider.
pub(super) async fn returned(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, true, async |page, _| {
        page.count_try()?;
        if page.method == Method::GET { take_answer(page).await } else { Err(ConsoleRefusal::BadMethod) }
    })
    .await
}

fn provider(site: &Site) -> Result<&OpenIdProvider, ConsoleRefusal> {
    site.console.oidc.as_ref().ok_or(ConsoleRefusal::Nowhere)
}

/// The flow the browser carries.
pub(super) fn flow(page: &OperatorRequest<'_>) -> Option<OidcFlow> {
    OidcFlow::open(page.carried(COOKIE)?, &page.site.sealer, page.now)
}

/// Has the browser carry a flow, or no longer.
pub(super) fn carry(page: &OperatorRequest<'_>, response: &mut Response, flow: Option<&OidcFlow>) {
    let value = flow.map(|flow| flow.sealed(&page.site.sealer)).unwrap_or_default();
    let age = if flow.is_some() { FLOW_LIFE.as_secs() } else { 0 };
    page.set_cookie(response, COOKIE, &value, &format!("SameSite=Lax; Max-Age={age}"));
}

async fn begin(page: &OperatorRequest<'_>) -> Result<Response, ConsoleRefusal> {
    let site = page.site;
    let next = place("/o/", page.query.text("next"));
    match provider(site)?.begin(&site.sealer, None, next, page.now).await {
        Ok((url, flow)) => {
            let mut response = see_other(&url);
            carry(page, &mut response, Some(&flow));
            Ok(response)
        }
        Err(error) => Ok(unavailable(page, &error)),
    }
}

async fn take_answer(page: &OperatorRequest<'_>) -> Result<Response, ConsoleRefusal> {
    let site = page.site;
    let provider = provider(site)?;
    let Some(flow) = flow(page) else { return Ok(refused(page, STALE)) };
    let FlowStep::Asked(asked) = &flow.step else { return Ok(refused(page, STALE)) };
    if !asked.fits(page.query.text("state")) || provider.is_of_another(page.query.text("iss")) {
        return Ok(refused(page, STALE));
    }
    if !page.query.text("error").is_empty() {
        return Ok(refused(page, "统一认证没有让您通过，或者您取消了：请重新开始，或者用密码登录。"));
    }
    let identity = match provider.redeem(page.query.text("code"), asked, page.now).await {
        Ok(identity) => identity,
        Err(error) => return Ok(unavailable(page, &error)),
    };
    let subject = provider.subject(&site.sealer, &identity);
    if flow.binds.is_some() {
        let flow = flow.proven(ProvenSubject { subject, name: identity.name });
        let mut response = onward(page, "/o/me");
        carry(page, &mut response, Some(&flow));
        return Ok(response);
    }
    let trusted = provider.trusts(&identity);
    named(page, flow, (subject, identity), trusted).await
}

/// Whom the provider named is let in, or asked for the code of his phone, or turned away.
async fn named(
    page: &OperatorRequest<'_>,
    flow: OidcFlow,
    (subject, identity): ([u8; 16], ProviderIdentity),
    trusted: bool,
) -> Result<Response, ConsoleRefusal> {
    let (console, now) = (&page.site.console, page.now);
    let tried = OidcTry { subject: &subject, began: flow.began(), address: page.source() };
    if !trusted {
        return match console.work(async |a| a.operator_of_subject(tried, now).await).await {
            Ok(_) => {
                let flow = flow.proven(ProvenSubject { subject, name: identity.name });
                let mut response = page.page(TITLE, &code_form(&flow, None));
                carry(page, &mut response, Some(&flow));
                Ok(response)
            }
            Err(error) => turned_away(page, error),
        };
    }
    match console.work(async |a| a.log_in_by_oidc(tried, None, now).await).await {
        Ok(secret) => {
            let mut response = onward(page, place("/o/", &flow.next));
            carry(page, &mut response, None);
            page.hand(&mut response, Some(&secret));
            Ok(response)
        }
        Err(error) => turned_away(page, error),
    }
}

/// The code of the phone, after the provider said who it is.
async fn finish(page: &OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let form = page.form(body).await?;
    provider(page.site)?;
    let Some(flow) = flow(page).filter(|flow| flow.binds.is_none()) else { return Ok(refused(page, STALE)) };
    let FlowStep::Proven(proven) = &flow.step else { return Ok(refused(page, STALE)) };
    let tried = OidcTry { subject: &proven.subject, began: flow.began(), address: page.source() };
    let (console, now, code) = (&page.site.console, page.now, form.text("code"));
    match console.work(async |a| a.log_in_by_oidc(tried, Some(code), now).await).await {
        Ok(secret) => {
            let mut response = see_other(place("/o/", &flow.next));
            carry(page, &mut response, None);
            page.hand(&mut response, Some(&secret));
            Ok(response)
        }
        Err(AdministrationError::NotLetIn) => {
            Ok(page.shown(StatusCode::FORBIDDEN, TITLE, &code_form(&flow, Some(NOT_LET_IN))))
        }
        Err(error) => turned_away(page, error),
    }
}

fn turned_away(page: &OperatorRequest<'_>, error: AdministrationError) -> Result<Response, ConsoleRefusal> {
    match error {
        AdministrationError::NotLetIn => Ok(refused(page, NOT_LET_IN)),
        error @ AdministrationError::SubjectUnbound => Ok(refused(page, &error.to_string())),
        error => Err(error.into()),
    }
}

/// The provider did not say who it is: why is in the log, what to do on the page.
pub(super) fn unavailable(page: &OperatorRequest<'_>, error: &OidcError) -> Response {
    tracing::warn!(cause = %chain(error), "统一认证登录没有完成");
    let status = match error {
        OidcError::Refused(_) => StatusCode::FORBIDDEN,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    ended(page, status, error.words())
}

fn refused(page: &OperatorRequest<'_>, why: &str) -> Response {
    ended(page, StatusCode::FORBIDDEN, why)
}

/// It goes no further; the browser carries nothing any more.
fn ended(page: &OperatorRequest<'_>, status: StatusCode, why: &str) -> Response {
    let middle = html! {
        p.said.bad role="alert" { (why) }
        p { a href="/o/login" { "回到登录页" } }
    };
    let mut response = page.shown(status, TITLE, &middle);
    carry(page, &mut response, None);
    response
}

/// A page that leads on, by itself where the browser does that.
pub(super) fn onward(page: &OperatorRequest<'_>, to: &str) -> Response {
    let middle = html! { p { a href=(to) { "继续" } } };
    let mut response = page.page(TITLE, &middle);
    if let Ok(value) = HeaderValue::from_str(&format!("0; url={to}")) {
        response.headers_mut().insert(header::REFRESH, value);
    }
    response
}

fn code_form(flow: &OidcFlow, why: Option<&str>) -> Markup {
    let name = match &flow.step {
        FlowStep::Proven(proven) => proven.name.as_str(),
        FlowStep::Asked(_) => "",
    };
    html! {
        div.narrow {
            @if let Some(why) = why { p.said.bad role="alert" { (why) } }
            p { "统一认证已通过：" strong { (name) } "。" }
            form.box method="post" action="/o/oidc/login" autocomplete="off" {
                p { label { "验证码 " span.soft { "手机上最新的 6 位数字" }
                    input name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="6"; } }
                p { button { "登录" } }
            }
            p { a href="/o/login" { "改用密码登录" } }
        }
    }
}
