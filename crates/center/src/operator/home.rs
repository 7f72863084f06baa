//! The first page: how the center is, and where to go.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::html;
use yanmi_onboarding::Action;
use yanmi_protocol::UnixMillis;

use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::page::see_other;
use crate::site::Site;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// The address people type.
pub(super) async fn away() -> Response {
    see_other("/o/")
}

pub(super) async fn nowhere(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |_, _| Err(ConsoleRefusal::Nowhere)).await
}

async fn answer(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    if page.method != Method::GET {
        return Err(ConsoleRefusal::BadMethod);
    }
    let session = page.session()?;
    let operator = &session.operator;
    let trouble = page.site.registry.health().trouble();
    let middle = html! {
        @if page.may_anywhere(Action::ViewHealth) {
            @match trouble {
                None => p.said { "中心运行正常：数据库可读可写。" },
                Some(why) => p.said.bad role="alert" { "中心没有就绪：" (why) },
            }
        }
        div.box {
            dl {
                dt { "登录名" } dd { (operator.login.as_str()) }
                dt { "单位" } dd { (operator.unit) }
                dt { "本次登录" } dd { (session.row.started_at.shanghai_text()) "，" (session.row.address) }
            }
            h2 { "您的权限" }
            @if operator.grants.is_empty() {
                p { "还没有。请安全管理员授权。" }
            } @else {
                ul { @for row in &operator.grants {
                    li {
                        (row.words())
                        @if let Some(until) = row.grant.until {
                            " " span.soft { "到 " (day(until)) @if until <= page.now { "，已到期" } }
                        }
                    }
                } }
            }
        }
        @if page.may_anywhere(Action::ViewRegistry) {
            form.find method="get" action="/o/institutions" role="search" {
                input name="find" aria-label="机构代码或名称" placeholder="机构代码或名称" maxlength="60";
                button { "找机构" }
            }
        }
    };
    Ok(page.page("首页", &middle))
}

fn day(at: UnixMillis) -> String {
    at.shanghai_text().get(..10).unwrap_or_default().to_owned()
}
