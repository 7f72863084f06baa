//! The first page: how the center is, and where to go.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Action;

use super::request::{self, ConsoleRefusal, OperatorRequest};
use super::{alarms, applications, errors, pending, trace};
use crate::face::last_visit;
use crate::face::page::see_other;
use crate::registry::{LastVisit, OperatorEvent, OperatorSession, Realm};
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
    let health = page.may_anywhere(Action::ViewHealth);
    let running = if health { page.look(async |h| h.running().await).await? } else { None };
    let waiting = if page.may_anywhere(Action::DecideChange) { pending::waiting(page).await? } else { 0 };
    let may_see = page.may_anywhere(Action::ViewApplications);
    let at_desk = if may_see { applications::waiting(page).await? } else { 0 };
    let alarms = if page.may_anywhere(Action::ViewAlarms) { alarms::open(page).await? } else { 0 };
    let recoveries = if page.may_anywhere(Action::ViewEvents) {
        page.site.console.work(async |a| a.recoveries(page.now).await).await?
    } else {
        Vec::new()
    };
    let session = &page.session()?.row;
    let visit = page.site.console.work(async |a| a.last_visit(Realm::Operators, session).await).await?;
    let middle = html! {
        (last_visit::warning(&visit, "安全管理员"))
        @for event in &recoveries { (recovered(event)) }
        @if alarms > 0 { p.said.bad { a href="/o/alarms" { "有 " (alarms) " 条告警没有关闭" } } }
        @if waiting > 0 { p.said { a href="/o/pending" { "有 " (waiting) " 项更改等您复核" } } }
        @if at_desk > 0 { p.said { a href="/o/applications" { "有 " (at_desk) " 件接入申请待您办理" } } }
        @if health { (health_now(page, running)) }
        @if page.may_anywhere(Action::ViewErrors) {
            h2 { "为什么失败？" }
            (errors::search(page, 1))
        }
        @if page.may_anywhere(Action::TraceNumber) {
            h2 { "这一次怎么了？" }
            (trace::search(page))
        }
        @if page.may_anywhere(Action::ViewRegistry) {
            h2 { "找机构" }
            form.find method="get" action="/o/institutions" role="search" {
                input name="find" aria-label="机构代码或名称" placeholder="机构代码或名称" maxlength="60";
                button { "查找" }
            }
        }
        (himself(page, page.session()?, &visit))
    };
    Ok(page.page("首页", &middle))
}

/// That somebody was invited anew on the machine itself: who has the machine could make himself an administrator so.
fn recovered(event: &OperatorEvent) -> Markup {
    html! {
        p.said.bad role="alert" {
            (event.at.shanghai_text()) " " (event.actor) " 在主机上用 recover 重新邀请了 "
            a href={ "/o/operators/" (event.object) } { (event.object) }
            "。请向本人核实；不是本人要的，立即让系统管理员注销他。七天之内一直显示。"
        }
    }
}

/// How the center is, in a line, and what is not as it should be.
fn health_now(page: &OperatorRequest<'_>, running: Option<i64>) -> Markup {
    let trouble = page.site.registry.health().trouble();
    let snapshot = page.site.registry.snapshot();
    let resting = snapshot.resting();
    html! {
        h2 { "中心好吗？" }
        @match &trouble {
            None if resting.is_empty() => p.said { "中心运行正常：数据库可读可写，没有暂停投递的渠道。" },
            None => p.said { "中心运行正常：数据库可读可写。" },
            Some(why) => p.said.bad role="alert" { "中心没有就绪：" (why) },
        }
        @for (name, until) in resting {
            p.said.bad { "渠道「" (name) "」连续失败，暂停投递到 " (until.shanghai_text()) "（本进程）：看“为什么失败”中它的原因。" }
        }
        p.soft {
            "程序版本 " (env!("CARGO_PKG_VERSION"))
            @match running {
                Some(count) => { "，同一数据库上运行的中心 " (count) " 个" }
                None => { "，嵌入式数据库，只有这一个中心" }
            }
        }
    }
}

/// Who is logged in, and what he may do.
fn himself(page: &OperatorRequest<'_>, session: &OperatorSession, visit: &LastVisit) -> Markup {
    let operator = &session.operator;
    html! {
        h2 { "您" }
        div.box {
            dl {
                dt { "登录名" } dd { (operator.login.as_str()) }
                dt { "单位" } dd { (operator.unit) }
                dt { "您做过的" } dd { a href="/o/me" { "您的操作记录" } }
                dt { "本次登录" } dd { (session.row.started_at.shanghai_text()) "，" (session.row.address) }
                (last_visit::row(visit))
            }
            h3 { "您的权限" }
            @if operator.grants.is_empty() {
                p { "还没有。请安全管理员授权。" }
            } @else {
                ul { @for row in &operator.grants {
                    li {
                        (row.words())
                        @if let Some(until) = row.grant.until {
                            " " span.soft { "到 " (until.shanghai_date()) @if until <= page.now { "，已到期" } }
                        }
                    }
                } }
            }
        }
    }
}
