//! Taking up an invitation, at whichever face.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use maud::{Markup, html};

use super::page::see_other;
use super::page_refusal::PageRefusal;
use super::page_request::{FaceRequest, FaceSession, serve};
use crate::registry::{AdministrationError, Invited};
use crate::site::Site;
use crate::staff;

/// What an authenticator on a phone shows beside the code.
const ISSUER: &str = "验密";
/// What the page is called.
const TITLE: &str = "接受邀请";

pub(crate) async fn handle<S: FaceSession>(
    State(site): State<Arc<Site>>,
    request: Request<Body>,
) -> Response {
    serve::<S>(site, request, true, answer::<S>).await
}

async fn answer<S: FaceSession>(page: &mut FaceRequest<'_, S>, body: Body) -> Result<Response, PageRefusal> {
    page.count_try()?;
    let (site, now) = (Arc::clone(page.site), page.now);
    let secret = page.segment(&format!("{}invite/", S::ROOT)).unwrap_or_default();
    let invited = site.console.work(async |a| a.invited(S::REALM, &secret, now).await).await;
    let invited = match invited {
        Ok(invited) => invited,
        Err(error @ AdministrationError::NoInvitation) => {
            let middle = html! { p.said.bad role="alert" { (error.to_string()) } };
            return Ok(page.shown(StatusCode::GONE, "邀请", &middle));
        }
        Err(error) => return Err(error.into()),
    };
    if page.method == Method::GET {
        return Ok(page.page(TITLE, &shown(&page.path, &invited, None)));
    }
    let form = page.form(body).await?;
    let password = form.secret("password");
    let refused = if *password == *form.secret("again") {
        staff::check(&password, invited.login.as_str()).err().map(AdministrationError::from)
    } else {
        Some(AdministrationError::OtherPassword)
    };
    let refused = if let Some(refused) = refused {
        refused
    } else {
        let hash = site.console.hash(password).await?;
        let code = form.text("code");
        match site.console.work(async |a| a.enrol(S::REALM, &secret, &hash, code, now).await).await {
            Ok(()) => return Ok(see_other(&format!("{}login", S::ROOT))),
            Err(error @ AdministrationError::WrongCode) => error,
            Err(error) => return Err(error.into()),
        }
    };
    let middle = shown(&page.path, &invited, Some(&refused.to_string()));
    Ok(page.shown(StatusCode::UNPROCESSABLE_ENTITY, TITLE, &middle))
}

fn shown(path: &str, invited: &Invited, why: Option<&str>) -> Markup {
    let login = invited.login.as_str();
    html! {
            div.narrow {
                p { (invited.name) "，您的登录名是 " strong { (login) } "。" }
                @if let Some(why) = why { p.said.bad role="alert" { (why) } }
                form.box method="post" action=(path) autocomplete="off" {
                    h2 { "一、手机上的验证器" }
                    p { "在手机的身份验证器（任何支持 TOTP 的应用）里新增账户，手工输入下面的密钥；类型选“基于时间”。" }
                    p.key { (invited.totp.text().as_str()) }
                    p { a href=(invited.totp.uri(login, ISSUER).as_str()) { "在这台手机上直接添加" } }
                    h2 { "二、密码" }
                    p { label { "密码 " span.soft { "至少 12 个字符，不含登录名" }
                        input type="password" name="password" required autocomplete="new-password" minlength="12" maxlength="128"; } }
                    p { label { "再输一遍"
                        input type="password" name="again" required autocomplete="new-password" maxlength="128"; } }
                    h2 { "三、验证码" }
                    p { label { "验证器上现在的 6 位数字"
                        input name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="6"; } }
                    p { button { "完成" } }
                }
            }
    }
}
