//! Logging in and out, at whichever face.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use maud::{Markup, html};

use super::page::see_other;
use super::page_refusal::PageRefusal;
use super::page_request::{FaceRequest, FaceSession, serve};
use crate::console::Console;
use crate::registry::{AdministrationError, Login, LoginTry};
use crate::site::Site;

pub(crate) async fn handle<S: FaceSession>(
    State(site): State<Arc<Site>>,
    request: Request<Body>,
) -> Response {
    serve::<S>(site, request, true, answer::<S>).await
}

async fn answer<S: FaceSession>(page: &mut FaceRequest<'_, S>, body: Body) -> Result<Response, PageRefusal> {
    if page.method == Method::GET {
        return Ok(page.shown(
            StatusCode::OK,
            "登录",
            &shown::<S>(&page.site.console, page.query.text("next"), None),
        ));
    }
    let form = page.form(body).await?;
    page.count_try()?;
    let (site, now, address) = (Arc::clone(page.site), page.now, page.source());
    let stored = match Login::new(form.text("login")) {
        Ok(login) => site.console.work(async |a| a.credentials(S::REALM, &login).await).await?,
        Err(_) => None,
    };
    let password = stored.as_ref().and_then(|stored| stored.password.clone());
    let fits = site.console.fits(password, form.secret("password")).await;
    let tried = LoginTry { stored: stored.as_ref(), fits, code: form.text("code"), address };
    match site.console.work(async |a| a.log_in(tried, now).await).await {
        Ok(secret) => {
            let mut response = see_other(place(S::ROOT, form.text("next")));
            page.hand(&mut response, Some(&secret));
            Ok(response)
        }
        Err(error @ AdministrationError::NotLetIn) => {
            let middle = shown::<S>(&site.console, form.text("next"), Some(&error.to_string()));
            Ok(page.shown(StatusCode::FORBIDDEN, "登录", &middle))
        }
        Err(error) => Err(error.into()),
    }
}

/// Where somebody goes who is logged in: a page of this face and nowhere else.
pub(crate) fn place<'a>(root: &'a str, next: &'a str) -> &'a str {
    let fits =
        next.starts_with(root) && next.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.".contains(&b));
    if fits && !next.contains("..") && !next.contains("//") { next } else { root }
}

fn shown<S: FaceSession>(console: &Console, next: &str, why: Option<&str>) -> Markup {
    html! {
        div.narrow {
            @if let Some(why) = why { p.said.bad role="alert" { (why) } }
            form.box method="post" action={ (S::ROOT) "login" } autocomplete="off" {
                input type="hidden" name="next" value=(place(S::ROOT, next));
                p { label { "登录名" input name="login" required autocomplete="username" autocapitalize="none" maxlength="32"; } }
                p { label { "密码" input type="password" name="password" required autocomplete="current-password" maxlength="128"; } }
                p { label { "验证码 " span.soft { "手机上最新的 6 位数字" }
                    input name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="6"; } }
                p { button { "登录" } }
            }
            (S::other_way(console, place(S::ROOT, next)))
            p.soft { (S::FORGOTTEN) }
        }
    }
}

pub(crate) async fn log_out<S: FaceSession>(
    State(site): State<Arc<Site>>,
    request: Request<Body>,
) -> Response {
    serve::<S>(site, request, false, leave::<S>).await
}

async fn leave<S: FaceSession>(page: &mut FaceRequest<'_, S>, body: Body) -> Result<Response, PageRefusal> {
    if page.method != Method::POST {
        return Err(PageRefusal::BadMethod);
    }
    page.check_token(&page.form(body).await?)?;
    let (site, login) = (Arc::clone(page.site), page.session()?.row().login);
    site.console.work(async |a| a.log_out(S::REALM, &login).await).await?;
    let mut response = see_other(&format!("{}login", S::ROOT));
    page.hand(&mut response, None);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_login_leads_to_its_own_face_only() {
        for (next, to) in [
            ("/o/institutions/H35010000001", "/o/institutions/H35010000001"),
            ("", "/o/"),
            ("/a/", "/o/"),
            ("https://elsewhere.example/o/", "/o/"),
            ("//elsewhere.example", "/o/"),
            ("/o//elsewhere.example", "/o/"),
            ("/o/../x", "/o/"),
            ("/o/a?b", "/o/"),
        ] {
            assert_eq!(place("/o/", next), to, "{next}");
        }
    }
}
