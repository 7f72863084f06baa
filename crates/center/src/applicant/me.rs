//! One's own login: since when, from where, and another password.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_protocol::UnixMillis;

use super::request::{self, ApplicantRefusal, ApplicantRequest};
use crate::face::page::see_other;
use crate::registry::{AdministrationError, Realm};
use crate::site::Site;
use crate::staff;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

async fn answer(page: &mut ApplicantRequest<'_>, body: Body) -> Result<Response, ApplicantRefusal> {
    if page.method == Method::POST {
        return change(page, body).await;
    }
    let session = page.session()?;
    let (user, row) = (&session.user, &session.row);
    let time = |at: Option<UnixMillis>| at.map_or_else(|| "从未".to_owned(), UnixMillis::shanghai_text);
    let middle = html! {
        div.box { dl {
            dt { "登录名" } dd { (user.login.as_str()) }
            dt { "姓名" } dd { (user.name) }
            dt { "角色" } dd { (user.role.name()) }
            dt { "登记的电话" } dd { (user.masked_phone()) }
            dt { "设置密码" } dd { (time(user.password_at)) }
            dt { "本次登录" } dd { (row.started_at.shanghai_text()) "，" (row.address) }
        } }
        p.soft { "一人同时只有一个会话：在别处登录，这里就退出。姓名与电话有变，请当地医保经办更改。" }
        h2 { "更改密码" }
        (form(page))
    };
    Ok(page.page("我", &middle))
}

fn form(page: &ApplicantRequest<'_>) -> Markup {
    html! {
        form.act.box method="post" action=(page.path) autocomplete="off" {
            label { "现在的密码" input type="password" name="present" required autocomplete="current-password" maxlength="128"; }
            label { "新密码 " span.soft { "至少 12 个字符，不含登录名" }
                input type="password" name="password" required autocomplete="new-password" minlength="12" maxlength="128"; }
            label { "再输一遍" input type="password" name="again" required autocomplete="new-password" maxlength="128"; }
            (page.proof_fields())
            button { "更改密码" }
        }
        p.soft { "更改之后要重新登录。" }
    }
}

async fn change(page: &mut ApplicantRequest<'_>, body: Body) -> Result<Response, ApplicantRefusal> {
    page.count_try()?;
    let form = page.act(body).await?;
    let (login, now, console) = (page.session()?.user.login, page.now, &page.site.console);
    let password = form.secret("password");
    if *password != *form.secret("again") {
        return Err(AdministrationError::OtherPassword.into());
    }
    staff::check(&password, login.as_str()).map_err(AdministrationError::from)?;
    let stored = console.work(async |a| a.credentials(Realm::Applicants, &login).await).await?;
    let fits = console.fits(stored.and_then(|stored| stored.password), form.secret("present")).await;
    let hash = console.hash(password).await?;
    console.work(async |a| a.change_password(Realm::Applicants, login, fits, &hash, now).await).await?;
    Ok(see_other("/a/login"))
}
