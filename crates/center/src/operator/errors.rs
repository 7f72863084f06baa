//! What is refused, counted by its causes, and who has to do what about each.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use maud::{Markup, html};
use yanmi_onboarding::Action;

use super::list;
use super::place::place_of;
use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::denials;
use crate::history::{Between, Denials, Filter};
use crate::percent::encoded;
use crate::site::Site;

/// How far back one may look, in hours, and what that is called.
const SPANS: [(u64, &str); 3] = [(1, "最近一小时"), (24, "最近一天"), (168, "最近七天")];

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// The way here from the page of an entry.
pub(super) fn way(page: &OperatorRequest<'_>, code: &str) -> Markup {
    html! {
        @if page.may_anywhere(Action::ViewErrors) {
            p { a href={ "/o/errors?hours=24&org=" (encoded(code)) } { "为什么失败：最近一天被拒绝的请求" } }
        }
    }
}

/// The box for a code; also on the first page.
pub(super) fn search(page: &OperatorRequest<'_>, hours: u64) -> Markup {
    html! {
        form.find method="get" action="/o/errors" role="search" {
            input name="org" value=(page.query.text("org")) maxlength="40" aria-label="机构代码、业务系统编码或渠道编码"
                placeholder="机构代码、业务系统编码或渠道编码（可不写）";
            select name="hours" aria-label="多久以来" {
                @for (span, name) in SPANS { option value=(span) selected[span == hours] { (name) } }
            }
            button { "看原因" }
        }
    }
}

async fn answer(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::ViewErrors);
    if areas.is_empty() {
        return Err(ConsoleRefusal::Nowhere);
    }
    let hours = page.query.text("hours").parse().ok();
    let hours = hours.filter(|hours| SPANS.iter().any(|(span, _)| span == hours)).unwrap_or(SPANS[0].0);
    let org = Some(page.query.text("org").to_owned()).filter(|org| !org.is_empty());
    let now = page.now;
    let between =
        Between { from: now.minus(Duration::from_hours(hours)), to: now.plus(Duration::from_secs(1)) };
    let filter = Filter { org, between };
    let mut found = page.look(async |h| h.denied(&filter).await).await?;
    let province = page.may_in_province(Action::ViewErrors).is_ok();
    if !province {
        // What is said of no institution, or of one elsewhere, belongs to the province.
        found.rows.retain(|row| {
            row.refused
                .org_code
                .is_some_and(|code| areas.iter().any(|area| area.covers(&place_of(page, &code))))
        });
        found.lost = 0;
    }
    let middle =
        html! { (search(page, hours)) (denials::counted(&found)) (rest(&found, province)) (list::age(page)) };
    Ok(page.page("为什么失败", &middle))
}

fn rest(denials: &Denials, province: bool) -> Markup {
    html! {
        @if denials.lost > 0 { p.soft { "另有 " (denials.lost) " 条未记：当时来得太多，或数据库写不进去。" } }
        @if denials.cut { p.said.bad { "太多，没有读完：请缩短时间，或写明编码。" } }
        @if !province { p.soft { "只有您辖区之内的机构；没有写明机构的请求由省级查看。" } }
    }
}
