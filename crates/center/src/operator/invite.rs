//! Taking up an invitation.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use maud::{Markup, html};

use super::layout;
use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::page::see_other;
use crate::registry::{AdministrationError, Invited};
use crate::site::Site;
use crate::staff;

/// What an authenticator on a phone shows beside the code.
const ISSUER: &str = "验密";

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, true, answer).await
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    page.site.console.tries.count(page.source()).map_err(ConsoleRefusal::TooMany)?;
    let (site, now) = (Arc::clone(page.site), page.now);
    let secret = page.path.strip_prefix("/o/invite/").unwrap_or_default().to_owned();
    let invited = site.console.work(async |a| a.invited(&secret, now).await).await;
    let invited = match invited {
        Ok(invited) => invited,
        Err(error @ AdministrationError::NoInvitation) => {
            let middle = html! { p.said.bad role="alert" { (error.to_string()) } };
            return Ok(layout::answer(StatusCode::GONE, layout::bare("邀请", &middle)));
        }
        Err(error) => return Err(error.into()),
    };
    if page.method == Method::GET {
        return Ok(layout::answer(StatusCode::OK, shown(&page.path, &invited, None)));
    }
    let form = page.form(body).await?;
    let password = form.secret("password");
    let refused = if *password == *form.secret("again") {
        staff::check(&password, invited.operator.login.as_str()).err().map(AdministrationError::from)
    } else {
        Some(AdministrationError::OtherPassword)
    };
    let refused = if let Some(refused) = refused {
        refused
    } else {
        let hash = site.console.hash(password).await?;
        let code = form.text("code");
        match site.console.work(async |a| a.enrol(&secret, &hash, code, now).await).await {
            Ok(()) => return Ok(see_other("/o/login")),
            Err(error @ AdministrationError::WrongCode) => error,
            Err(error) => return Err(error.into()),
        }
    };
    let page = shown(&page.path, &invited, Some(&refused.to_string()));
    Ok(layout::answer(StatusCode::UNPROCESSABLE_ENTITY, page))
}

fn shown(path: &str, invited: &Invited, why: Option<&str>) -> Markup {
    let login = invited.operator.login.as_str();
    layout::bare(
        "接受邀请",
        &html! {
            div.narrow {
                p { (invited.operator.name) "，您的登录名是 " strong { (login) } "。" }
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
        },
    )
}
