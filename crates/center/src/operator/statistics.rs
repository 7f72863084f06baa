//! How many were asked, confirmed and refused, by day, hour, city, channel or institution.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use maud::{Markup, html};
use yanmi_onboarding::Action;
use yanmi_protocol::{ChannelId, OrgCode, UnixMillis};

use super::chart;
use super::list::{self, ROWS};
use super::request::{self, ConsoleRefusal, OperatorRequest};
use super::trace::place_of;
use crate::history::moment;
use crate::percent::encoded;
use crate::site::Site;
use crate::statistics::figure::{Figure, Figures, Wait};
use crate::statistics::query::{self, Days, Grouping};

/// By what the page is put together, as the address and the operator have it.
const KINDS: [(&str, &str); 5] = [
    ("day", "按日"),
    ("hour", "按小时"),
    ("city", "按地市"),
    ("channel", "按渠道"),
    ("institution", "按机构"),
];
/// The longest time that is asked about.
const LONGEST: Duration = Duration::from_hours(24 * 92);
/// The time that is shown when none is asked about, by the hour and otherwise.
const HOURS: Duration = Duration::from_hours(24);
const DAYS: Duration = Duration::from_hours(24 * 30);
/// Below so many cases a percentage says nothing.
const FEWEST: i64 = 20;

/// What somebody wants to see.
struct Wanted {
    kind: &'static str,
    from: UnixMillis,
    to: UnixMillis,
    org: Option<OrgCode>,
}

impl Wanted {
    fn days(&self) -> Days {
        Days { first: self.from.shanghai_day(), last: self.to.shanghai_day() }
    }
}

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

async fn answer(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::ViewStatistics);
    if areas.is_empty() {
        return Err(ConsoleRefusal::Nowhere);
    }
    let wanted = wanted(page)?;
    let days = wanted.days();
    if wanted.kind == "institution" {
        return institutions(page, &wanted).await;
    }
    let rows = if let Some(code) = wanted.org {
        page.may(Action::ViewStatistics, place_of(page, &code))?;
        page.look(async |h| query::of_institution(h.connection(), &code, days).await).await?
    } else {
        let grouping = match wanted.kind {
            "hour" => Grouping::Hour,
            "city" => Grouping::City,
            "channel" => Grouping::Channel,
            _ => Grouping::Day,
        };
        page.look(async |h| query::grouped(h.connection(), &areas, grouping, days).await).await?
    };
    let names = channel_names(page, &rows);
    let lines: Vec<Markup> =
        rows.iter().map(|(name, figures)| line(&shown(&wanted, &names, name), figures)).collect();
    let charted = matches!(wanted.kind, "day" | "hour");
    let middle = html! {
        (choice(page, &wanted))
        (sum(rows.iter().map(|(_, figures)| figures)))
        @if charted && !rows.is_empty() { (chart::bars(&rows)) }
        (list::table(&heading(first_column(&wanted)), &lines))
        (remarks())
    };
    Ok(page.page("统计", &middle))
}

/// Institutions in reach, also those of which nothing happened.
async fn institutions(page: &OperatorRequest<'_>, wanted: &Wanted) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::ViewStatistics);
    let (find, after) = (page.query.text("find").to_owned(), page.query.text("after").to_owned());
    let console = &page.site.console;
    let mut rows = console.work(async |a| a.institutions_in(&areas, &after, &find, ROWS + 1).await).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let codes: Vec<OrgCode> = rows.iter().map(|row| row.org_code).collect();
    let days = wanted.days();
    let found = page.look(async |h| query::of_institutions(h.connection(), &codes, days).await).await?;
    let next = rows.last().filter(|_| more).map(|row| row.org_code.as_str().to_owned());
    let none = Figures::default();
    let lines: Vec<Markup> = rows
        .iter()
        .map(|row| {
            let code = row.org_code.as_str();
            let name = html! { a href={ "/o/statistics?by=day&org=" (code) } { (code) } br; span.soft { (row.name) } };
            line(&name, found.get(&row.org_code).unwrap_or(&none))
        })
        .collect();
    let middle = html! {
        (choice(page, wanted))
        (list::table(&heading("机构"), &lines))
        @if let Some(next) = next {
            p.more { a href={ "/o/statistics?by=institution&from=" (date(wanted.from)) "&to=" (date(wanted.to))
                "&after=" (encoded(&next)) "&find=" (encoded(&find)) } { "下一页" } }
        }
        (remarks())
    };
    Ok(page.page("统计", &middle))
}

fn wanted(page: &OperatorRequest<'_>) -> Result<Wanted, ConsoleRefusal> {
    let refused = |what: &str| ConsoleRefusal::Refused(what.to_owned());
    let kind =
        KINDS.into_iter().find(|(kind, _)| *kind == page.query.text("by")).map_or("day", |(kind, _)| kind);
    let org = Some(page.query.text("org")).filter(|org| !org.is_empty());
    let org = org
        .map(OrgCode::new)
        .transpose()
        .map_err(|error| ConsoleRefusal::Refused(format!("机构代码{error}")))?;
    let read = |name: &str| match page.query.text(name) {
        "" => Ok(None),
        text => moment(text, page.now).map(Some).ok_or_else(|| refused("日期应写作 2026-11-23")),
    };
    let to = read("to")?.unwrap_or(page.now);
    let usual = if kind == "hour" { HOURS } else { DAYS };
    let from = read("from")?.unwrap_or_else(|| to.minus(usual));
    if from > to || to.since(from) > LONGEST {
        return Err(refused("开始日期应早于结束日期，相距至多 92 天"));
    }
    Ok(Wanted { kind, from, to, org })
}

/// What to see, and of when.
fn choice(page: &OperatorRequest<'_>, wanted: &Wanted) -> Markup {
    html! {
        form.find method="get" action="/o/statistics" role="search" {
            select name="by" aria-label="汇总方式" {
                @for (kind, name) in KINDS { option value=(kind) selected[kind == wanted.kind] { (name) } }
            }
            input name="from" type="date" value=(date(wanted.from)) aria-label="开始日期";
            input name="to" type="date" value=(date(wanted.to)) aria-label="结束日期";
            @if wanted.kind == "institution" {
                input name="find" value=(page.query.text("find")) maxlength="60" aria-label="机构代码或名称" placeholder="机构代码或名称";
            } @else {
                input name="org" value=[wanted.org.as_ref().map(OrgCode::as_str)] maxlength="12" aria-label="机构代码" placeholder="只看一个机构（按日）";
            }
            button { "查看" }
        }
    }
}

/// 2026-11-23.
fn date(at: UnixMillis) -> String {
    at.shanghai_text().get(..10).unwrap_or_default().to_owned()
}

fn channel_names(page: &OperatorRequest<'_>, rows: &[(String, Figures)]) -> BTreeMap<String, String> {
    let snapshot = page.site.registry.snapshot();
    let name = |code: &String| {
        let channel = snapshot.channel(&ChannelId::new(code).ok()?)?;
        Some((code.clone(), channel.name.clone()))
    };
    rows.iter().filter_map(|(code, _)| name(code)).collect()
}

const fn first_column(wanted: &Wanted) -> &'static str {
    match wanted.kind.as_bytes() {
        b"hour" => "小时",
        b"city" => "地市",
        b"channel" => "渠道",
        _ => "日期",
    }
}

fn shown(wanted: &Wanted, names: &BTreeMap<String, String>, name: &str) -> Markup {
    let part = |from: usize, to: usize| name.get(from..to).unwrap_or_default();
    html! {
        @match wanted.kind {
            "day" => { (part(0, 4)) "-" (part(4, 6)) "-" (part(6, 8)) }
            "hour" => { (part(0, 4)) "-" (part(4, 6)) "-" (part(6, 8)) " " (part(8, 10)) " 时" }
            "channel" if name.is_empty() => { "没有渠道" }
            "channel" => { (names.get(name).map_or(name, String::as_str)) }
            _ => { (name) }
        }
    }
}

fn heading(first: &'static str) -> [&'static str; 13] {
    [
        first,
        "发起",
        "再次提醒",
        "未送达",
        "确认",
        "确认率",
        "取消",
        "非本人",
        "失败或锁定",
        "免密",
        "确认金额（元）",
        "免密金额（元）",
        "多久确认（一半、95%）",
    ]
}

fn line(name: &Markup, figures: &Figures) -> Markup {
    html! {
        td { (name) }
        td { (figures[Figure::Asked]) }
        td { (figures[Figure::Reminded]) }
        td { (figures[Figure::Undelivered]) }
        td { (figures.confirmed()) }
        td { (rate(figures)) }
        td { (figures[Figure::Cancelled]) }
        td { (figures[Figure::NotMe]) }
        td { (figures[Figure::Failed] + figures[Figure::Locked]) }
        td { (figures[Figure::Free]) }
        td { (yuan(figures[Figure::ConfirmedFen])) }
        td { (yuan(figures[Figure::FreeFen])) }
        td { (wait(figures, 50)) "、" (wait(figures, 95)) }
    }
}

/// Of how many, in percent; nothing where few were asked.
fn rate(figures: &Figures) -> String {
    let asked = figures[Figure::Asked];
    if asked < FEWEST { "—".to_owned() } else { format!("{}%", figures.confirmed() * 100 / asked) }
}

fn wait(figures: &Figures, percent: i64) -> String {
    match figures.within(percent) {
        Wait::Unknown => "—".to_owned(),
        Wait::Seconds(seconds) => format!("{seconds} 秒内"),
        Wait::Longer => "5 分钟以上".to_owned(),
    }
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// The whole, in a line.
fn sum<'a>(rows: impl Iterator<Item = &'a Figures>) -> Markup {
    let mut all = Figures::default();
    rows.for_each(|figures| all += *figures);
    html! {
        p { "发起 " strong { (all[Figure::Asked]) } "，确认 " strong { (all.confirmed()) } "（" (rate(&all)) "），取消 "
            (all[Figure::Cancelled]) "，非本人 " (all[Figure::NotMe]) "，未送达 " (all[Figure::Undelivered]) "，免密 " (all[Figure::Free])
            "；一半的人 " (wait(&all, 50)) "确认，95% 的人 " (wait(&all, 95)) "。" }
    }
}

fn remarks() -> Markup {
    html! {
        p.soft { "由审计每 10 秒汇总；多个中心共用数据库时晚两分钟。发起少于 " (FEWEST) " 次不算比率。换了金额重新发起的算新的一次；没有答复的不在任何一列。" }
    }
}
