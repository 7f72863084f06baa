//! What was done, the newest first, and whether the chain of it is whole.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use maud::{Markup, html};
use yanmi_onboarding::Action;

use super::list::{self, ROWS};
use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::registry::{EventScope, OperatorEvent, Outcome, action_words, change_words};
use crate::site::Site;

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

pub(super) async fn chain(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, verified).await
}

async fn listed(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::ViewEvents);
    if areas.is_empty() {
        return Err(ConsoleRefusal::Nowhere);
    }
    let province = page.may_in_province(Action::ViewEvents).is_ok();
    let login = page.session()?.operator.login;
    let scope = if province { EventScope::All } else { EventScope::Areas(areas, login.as_str().to_owned()) };
    let middle = html! {
        @if page.may_in_province(Action::VerifyEvents).is_ok() {
            p { a href="/o/events/chain" { "核对操作记录是否完整" } }
        }
        @if !province { p.soft { "只有您辖区之内的，和您自己的；不属于某一辖区的由省级查看。" } }
        (table(page, &scope).await?)
    };
    Ok(page.page("操作记录", &middle))
}

/// The events of one page that he may see, and the way to those before.
pub(super) async fn table(page: &OperatorRequest<'_>, scope: &EventScope) -> Result<Markup, ConsoleRefusal> {
    let before = page.query.text("before").parse().unwrap_or(i64::MAX);
    let find = page.query.text("find").to_owned();
    let console = &page.site.console;
    let mut rows = console.work(async |a| a.events_before(scope, before, &find, ROWS + 1).await).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(|event| event.seq.to_string());
    let lines: Vec<Markup> = rows.iter().map(line).collect();
    let heading = ["序号", "时间", "操作人", "操作", "对象", "结果", "理由与变更"];
    Ok(html! {
        (list::find_box(page, "操作人或对象的编码"))
        (list::table(&heading, &lines))
        (list::more(page, "before", last))
    })
}

fn line(event: &OperatorEvent) -> Markup {
    html! {
        td { (event.seq) }
        td.code { (event.at.shanghai_text()) }
        td { (event.actor) }
        td { (action_words(&event.action)) }
        td { (event.object) }
        td { @match event.outcome { Outcome::Done => "已更改", Outcome::Refused => { span.off { "被拒绝" } } } }
        td {
            @if !event.reason.is_empty() { (event.reason) br; }
            span.soft { (change_words(&event.changes)) }
        }
    }
}

async fn verified(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::VerifyEvents)?;
    let report = page.site.console.work(async |a| a.verify_events().await).await?;
    let middle = html! {
        @match &report.broken {
            None => {
                p.said { "操作记录完整：共 " (report.whole) " 条，首尾相连。" }
                p { "末尾摘要 " code { (report.last_text()) } "。请每月抄录一次，存到管数据库的人改不到的地方。" }
            },
            Some(broken) => {
                p.said.bad role="alert" { (broken) "；它之前的 " (report.whole) " 条完整。请保留数据库与备份，查明谁改动过数据库。" }
            },
        }
    };
    Ok(page.page("操作记录的完整性", &middle))
}
