//! Alarms: what was found to be wrong, who looks after it, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::{Action, AlarmRule};

use super::list::{self, ROWS};
use super::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use crate::percent::encoded;
use crate::registry::{AlarmFilter, AlarmRow};
use crate::site::Site;

/// An alarm found more lately than this may still be on its way to whom it is told outside of the console.
const ON_ITS_WAY: Duration = Duration::from_mins(5);

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

pub(super) async fn one(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// What he sees: by where he is, and by what he is.
fn filter(page: &OperatorRequest<'_>, is_open: bool) -> AlarmFilter {
    let rights = page.rights();
    let holds =
        |rule: &AlarmRule| rights.iter().any(|grant| grant.holds(page.now) && rule.is_seen_by(grant.role));
    let rules = AlarmRule::ALL.into_iter().filter(holds).collect();
    AlarmFilter { areas: page.reach(Action::ViewAlarms), rules, is_open }
}

/// How many are open that he sees.
pub(super) async fn open(page: &OperatorRequest<'_>) -> Result<i64, ConsoleRefusal> {
    let filter = filter(page, true);
    Ok(page.site.console.work(async |a| a.count_alarms(&filter).await).await?)
}

async fn listed(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    if !page.may_anywhere(Action::ViewAlarms) {
        return Err(ConsoleRefusal::Nowhere);
    }
    let is_open = page.query.text("state") != "closed";
    let before = page.query.text("before").parse().unwrap_or(i64::MAX);
    let filter = filter(page, is_open);
    let console = &page.site.console;
    let mut rows = console.work(async |a| a.alarms(&filter, before, ROWS + 1).await).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(|row| row.number);
    let lines: Vec<Markup> = rows.iter().map(|row| line(page, row)).collect();
    let middle = html! {
        p { "每分钟检查一次；同一件事只有一条，还在就计数。没有人看的告警等于没有：先接手，办完写明原因关闭。" }
        (untold(page).await?)
        p {
            @if is_open { strong { "没有关闭的" } " · " a href="/o/alarms?state=closed" { "已关闭的" } }
            @else { a href="/o/alarms" { "没有关闭的" } " · " strong { "已关闭的" } }
        }
        (list::table(&["序号", "告警", "对象", "情况", "最早", "最近", "次数", "谁在办"], &lines))
        @if let Some(last) = last {
            p.more { a href={ "/o/alarms?before=" (last) @if !is_open { "&state=closed" } } { "下一页" } }
        }
    };
    Ok(page.page("告警", &middle))
}

/// That whom the settings say is not told, where that is so; it is about the whole site.
async fn untold(page: &OperatorRequest<'_>) -> Result<Markup, ConsoleRefusal> {
    let console = &page.site.console;
    if !console.tells_alarms || page.may_in_province(Action::ViewAlarms).is_err() {
        return Ok(html! {});
    }
    let before = page.now.minus(ON_ITS_WAY);
    let count = console.work(async |a| a.count_untold_alarms(before).await).await?;
    Ok(html! {
        @if count > 0 {
            p.said.bad role="alert" {
                "有 " (count) " 条没有关闭的告警没能告知外面的告警平台（设置 alarms.target）：请系统管理员查它是否可用，原因在中心的日志里。"
            }
        }
    })
}

fn line(page: &OperatorRequest<'_>, row: &AlarmRow) -> Markup {
    html! {
        td { a href={ "/o/alarms/" (row.number) } { (row.number) } }
        td { (row.finding.alarm.rule.name()) }
        td { (object(page, row)) }
        td { (row.finding.alarm.detail) }
        td.code { (row.since.shanghai_text()) }
        td.code { (row.latest.shanghai_text()) }
        td { (row.times) }
        td { (state(row)) }
    }
}

/// Who looks after it, or has closed it.
fn state(row: &AlarmRow) -> Markup {
    html! {
        @match (&row.closed, &row.taken) {
            (Some((by, ..)), _) => { (by) " 已关闭" },
            (None, Some((by, _))) => (by),
            (None, None) => span.off { "没有人" },
        }
    }
}

/// What it is about, with the way there, where he may go there.
fn object(page: &OperatorRequest<'_>, row: &AlarmRow) -> Markup {
    let (finding, object) = (&row.finding, row.finding.object.as_str());
    let to = |action, path: String| page.may(action, finding.region).is_ok().then_some(path);
    let code = encoded(object);
    let way = match finding.alarm.rule.object_kind() {
        // Many institutions at once are none.
        "institution" if object == finding.region.as_str() => None,
        "institution" => to(Action::ViewRegistry, format!("/o/institutions/{code}")),
        "account" => to(Action::ViewRegistry, format!("/o/accounts/{code}")),
        "channel" => to(Action::ViewRegistry, format!("/o/channels/{code}")),
        "operator" => to(Action::ViewOperators, format!("/o/operators/{code}")),
        "address" => to(Action::ViewErrors, "/o/errors?hours=1".to_owned()),
        "events" => to(Action::VerifyEvents, "/o/events/chain".to_owned()),
        "day" => to(Action::ViewStatistics, "/o/statistics".to_owned()),
        _ => None,
    };
    let shown = match finding.alarm.rule.object_kind() {
        "events" => "操作记录",
        "institution" if object == finding.region.as_str() => "全省",
        _ => object,
    };
    html! { @if let Some(way) = way { a href=(way) { (shown) } } @else { (shown) } }
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let number = page.segment("/o/alarms/").and_then(|number| number.parse().ok());
    let number = number.ok_or(ConsoleRefusal::Nowhere)?;
    let found = page.site.console.work(async |a| a.alarm(number).await).await?;
    let row = found.ok_or(ConsoleRefusal::Nowhere)?;
    let (rule, region) = (row.finding.alarm.rule, row.finding.region);
    page.may(Action::ViewAlarms, region)?;
    if !filter(page, true).rules.contains(&rule) {
        return Err(ConsoleRefusal::Nowhere);
    }
    if page.method == Method::POST {
        let form = page.act(body).await?;
        page.may(rule.handling(), region)?;
        let actor = page.actor()?;
        let act = act_of(&actor, &form, page.now)?;
        let console = &page.site.console;
        match form.text("do") {
            "take" => console.work(async |a| a.take_alarm(&row, act).await).await?,
            "close" => console.work(async |a| a.close_alarm(&row, act).await).await?,
            _ => return Err(ConsoleRefusal::BadForm),
        }
        return Ok(page.done());
    }
    let middle = html! {
        @if page.query.text("done") == "1" { p.said role="status" { "已记下。" } }
        div.box { dl {
            dt { "告警" } dd { (rule.name()) }
            dt { "对象" } dd { (object(page, &row)) }
            dt { "辖区" } dd { (region) }
            dt { "情况" } dd { (row.finding.alarm.detail) }
            dt { "最早" } dd { (row.since.shanghai_text()) }
            dt { "最近" } dd { (row.latest.shanghai_text()) "，共发现 " (row.times) " 次" }
            dt { "谁去做什么" } dd { (rule.advice()) }
            @if let Some((by, at)) = &row.taken { dt { "接手" } dd { (by) "，" (at.shanghai_text()) } }
            @if let Some((by, at, why)) = &row.closed {
                dt { "关闭" } dd { (by) "，" (at.shanghai_text()) "：" (why) }
            }
        } }
        (forms(page, &row))
    };
    Ok(page.page(&format!("第 {number} 条告警"), &middle))
}

/// What he may do about one that is open.
fn forms(page: &OperatorRequest<'_>, row: &AlarmRow) -> Markup {
    let may = page.may(row.finding.alarm.rule.handling(), row.finding.region).is_ok();
    let login = page.session().map(|session| session.operator.login);
    let is_his = row.taken.as_ref().is_some_and(|(by, _)| login.is_ok_and(|login| login.as_str() == by));
    html! {
        @if may && row.closed.is_none() {
            h2 { "办理" }
            form.act.box method="post" action=(page.path) {
                (page.act_fields())
                div {
                    @if !is_his { button name="do" value="take" { "接手" } " " }
                    button.danger name="do" value="close" { "关闭" }
                }
            }
        }
    }
}
