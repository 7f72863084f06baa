//! The effective settings, as `yanmi check` prints them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use maud::{Markup, html};
use yanmi_onboarding::Action;

use super::list;
use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::site::Site;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

async fn answer(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::ViewSettings)?;
    let lines: Vec<Markup> = page
        .site
        .console
        .settings
        .iter()
        .map(|line| html! { td.code { code { (line.key) } } td { (line.value) } td { (line.origin.to_string()) } })
        .collect();
    let middle = html! {
        p { "本进程启动时的设置与来源；密钥只显示校验值。更改请改配置文件，重启后生效。" }
        (list::table(&["设置", "取值", "来源"], &lines))
    };
    Ok(page.page("设置", &middle))
}
