//! Logging in and out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, Method, Request, StatusCode, header};
use maud::{Markup, html};

use super::layout;
use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::page::see_other;
use crate::registry::{AdministrationError, Login, LoginTry};
use crate::site::Site;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, true, answer).await
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    if page.method == Method::GET {
        let next = page.query.text("next").to_owned();
        return Ok(layout::answer(StatusCode::OK, shown(&next, None)));
    }
    let form = page.form(body).await?;
    page.site.console.tries.count(page.source()).map_err(ConsoleRefusal::TooMany)?;
    let (site, now, address) = (Arc::clone(page.site), page.now, page.source());
    let stored = match Login::new(form.text("login")) {
        Ok(login) => site.console.work(async |a| a.stored_operator(&login).await).await?,
        Err(_) => None,
    };
    let password = stored.as_ref().and_then(|stored| stored.password.clone());
    let fits = site.console.fits(password, form.secret("password")).await;
    let tried = LoginTry { stored: stored.as_ref(), fits, code: form.text("code"), address };
    match site.console.work(async |a| a.log_in(tried, now).await).await {
        Ok(secret) => {
            let mut response = see_other(place(form.text("next")));
            hand(&mut response, page.cookie(Some(&secret)));
            Ok(response)
        }
        Err(AdministrationError::NotLetIn) => {
            let why = AdministrationError::NotLetIn.to_string();
            Ok(layout::answer(StatusCode::FORBIDDEN, shown(form.text("next"), Some(&why))))
        }
        Err(error) => Err(error.into()),
    }
}

/// Where somebody goes who is logged in: a page of this console and nowhere else.
fn place(next: &str) -> &str {
    let fits =
        next.starts_with("/o/") && next.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.".contains(&b));
    if fits && !next.contains("..") && !next.contains("//") { next } else { "/o/" }
}

fn hand(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

fn shown(next: &str, why: Option<&str>) -> Markup {
    layout::bare(
        "登录",
        &html! {
            div.narrow {
                @if let Some(why) = why { p.said.bad role="alert" { (why) } }
                form.box method="post" action="/o/login" autocomplete="off" {
                    input type="hidden" name="next" value=(place(next));
                    p { label { "登录名" input name="login" required autocomplete="username" autocapitalize="none" maxlength="32"; } }
                    p { label { "密码" input type="password" name="password" required autocomplete="current-password" maxlength="128"; } }
                    p { label { "验证码 " span.soft { "手机上最新的 6 位数字" }
                        input name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="6"; } }
                    p { button { "登录" } }
                }
                p.soft { "忘记密码或换了手机：请系统管理员重新发一个邀请。" }
            }
        },
    )
}

pub(super) async fn log_out(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, leave).await
}

async fn leave(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    if page.method != Method::POST {
        return Err(ConsoleRefusal::BadMethod);
    }
    page.check_token(&page.form(body).await?)?;
    let (site, login) = (Arc::clone(page.site), page.session()?.operator.login);
    site.console.work(async |a| a.log_out(&login).await).await?;
    let mut response = see_other("/o/login");
    hand(&mut response, page.cookie(None));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_login_leads_to_this_console_only() {
        for (next, to) in [
            ("/o/institutions/H35010000001", "/o/institutions/H35010000001"),
            ("", "/o/"),
            ("https://elsewhere.example/o/", "/o/"),
            ("//elsewhere.example", "/o/"),
            ("/o//elsewhere.example", "/o/"),
            ("/o/../x", "/o/"),
            ("/o/a?b", "/o/"),
        ] {
            assert_eq!(place(next), to, "{next}");
        }
    }
}
