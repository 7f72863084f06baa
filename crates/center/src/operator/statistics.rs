//! How many were asked, confirmed and refused, by day, hour, city, channel or institution.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Action;
use yanmi_protocol::{ChannelId, OrgCode, UnixMillis};

use super::chart;
use super::list::{self, ROWS};
use super::place::place_of;
use super::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use super::table_file::{self, FileKind};
use crate::face::form::FormFields;
use crate::history::moment;
use crate::percent::encoded;
use crate::registry::{Inspection, InstitutionRow};
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
/// Columns of a table.
const COLUMNS: usize = 13;
/// Institutions that are read at a time for a file.
const READ_AT_ONCE: usize = 500;
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

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    if !page.may_anywhere(Action::ViewStatistics) {
        return Err(ConsoleRefusal::Nowhere);
    }
    if page.method == Method::POST {
        let form = page.act(body).await?;
        return take_away(page, &form).await;
    }
    let wanted = wanted(&page.query, page.now)?;
    page.institution = wanted.org;
    if wanted.kind == "institution" {
        return institutions(page, &wanted).await;
    }
    let rows = grouped(page, &wanted).await?;
    let charted = matches!(wanted.kind, "day" | "hour");
    let lines: Vec<Markup> =
        rows.iter().map(|(name, figures)| line(&html! { (shown(page, &wanted, name)) }, figures)).collect();
    let middle = html! {
        (choice(page, &wanted))
        (sum(rows.iter().map(|(_, figures)| figures)))
        @if charted && !rows.is_empty() { (chart::bars(&rows)) }
        (list::table(&heading(first_column(&wanted)), &lines))
        (export_form(page, &wanted))
        (remarks()) (list::age(page))
    };
    Ok(page.page("统计", &middle))
}

/// The figures of everything but institutions, in the order of the page.
async fn grouped(
    page: &OperatorRequest<'_>,
    wanted: &Wanted,
) -> Result<Vec<(String, Figures)>, ConsoleRefusal> {
    let (areas, days) = (page.reach(Action::ViewStatistics), wanted.days());
    if let Some(code) = wanted.org {
        page.may(Action::ViewStatistics, place_of(page, &code))?;
        page.look(async |h| query::of_institution(h.connection(), &code, days).await).await
    } else {
        let grouping = match wanted.kind {
            "hour" => Grouping::Hour,
            "city" => Grouping::City,
            "channel" => Grouping::Channel,
            _ => Grouping::Day,
        };
        page.look(async |h| query::grouped(h.connection(), &areas, grouping, days).await).await
    }
}

/// So many institutions in reach after a code, also those of which nothing happened, each with its figures.
async fn institutions_after(
    page: &OperatorRequest<'_>,
    wanted: &Wanted,
    (find, after): (&str, &str),
    count: usize,
) -> Result<Vec<(InstitutionRow, Figures)>, ConsoleRefusal> {
    let (areas, days) = (page.reach(Action::ViewStatistics), wanted.days());
    let console = &page.site.console;
    let rows = console.work(async |a| a.institutions_in(&areas, after, find, count).await).await?;
    let codes: Vec<OrgCode> = rows.iter().map(|row| row.org_code).collect();
    let found = page.look(async |h| query::of_institutions(h.connection(), &codes, days).await).await?;
    let with_figures = |row: InstitutionRow| {
        let figures = found.get(&row.org_code).copied().unwrap_or_default();
        (row, figures)
    };
    Ok(rows.into_iter().map(with_figures).collect())
}

async fn institutions(page: &OperatorRequest<'_>, wanted: &Wanted) -> Result<Response, ConsoleRefusal> {
    let (find, after) = (page.query.text("find").to_owned(), page.query.text("after").to_owned());
    let mut rows = institutions_after(page, wanted, (&find, &after), ROWS + 1).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let next = rows.last().filter(|_| more).map(|(row, _)| row.org_code.as_str().to_owned());
    let lines: Vec<Markup> = rows
        .iter()
        .map(|(row, figures)| {
            let code = row.org_code.as_str();
            let name = html! { a href={ "/o/statistics?by=day&org=" (code) } { (code) } br; span.soft { (row.name) } };
            line(&name, figures)
        })
        .collect();
    let middle = html! {
        (choice(page, wanted))
        (list::table(&heading("机构"), &lines))
        @if let Some(next) = next {
            p.more { a href={ "/o/statistics?by=institution&from=" (date(wanted.from)) "&to=" (date(wanted.to))
                "&after=" (encoded(&next)) "&find=" (encoded(&find)) } { "下一页" } }
        }
        (export_form(page, wanted))
        (remarks()) (list::age(page))
    };
    Ok(page.page("统计", &middle))
}

/// What to take away: all rows, not one page of them.
fn export_form(page: &OperatorRequest<'_>, wanted: &Wanted) -> Markup {
    html! {
        details {
            summary { "导出全部" }
            form.act.box method="post" action="/o/statistics" {
                input type="hidden" name="by" value=(wanted.kind);
                input type="hidden" name="from" value=(date(wanted.from));
                input type="hidden" name="to" value=(date(wanted.to));
                @if let Some(code) = &wanted.org { input type="hidden" name="org" value=(code.as_str()); }
                (page.act_fields())
                div {
                    button name="file" value="xlsx" { "XLSX" } " "
                    button name="file" value="csv" { "CSV" }
                }
            }
        }
    }
}

/// All rows as a file, which is an event.
async fn take_away(page: &OperatorRequest<'_>, form: &FormFields) -> Result<Response, ConsoleRefusal> {
    let wanted = wanted(form, page.now)?;
    let kind = FileKind::of_ending(form.text("file")).ok_or(ConsoleRefusal::BadForm)?;
    let first = if wanted.kind == "institution" { "机构" } else { first_column(&wanted) };
    let mut rows = vec![heading(first).map(str::to_owned).to_vec()];
    if wanted.kind == "institution" {
        let mut after = String::new();
        loop {
            let read = institutions_after(page, &wanted, ("", &after), READ_AT_ONCE).await?;
            let Some((last, _)) = read.last() else { break };
            last.org_code.as_str().clone_into(&mut after);
            rows.extend(
                read.iter()
                    .map(|(row, figures)| cells(format!("{} {}", row.org_code.as_str(), row.name), figures)),
            );
        }
    } else {
        let read = grouped(page, &wanted).await?;
        rows.extend(read.iter().map(|(name, figures)| cells(shown(page, &wanted, name), figures)));
    }
    let actor = page.actor()?;
    let act = act_of(&actor, form, page.now)?;
    let named = KINDS.into_iter().find(|(kind, _)| *kind == wanted.kind).map_or("", |(_, name)| name);
    let about = format!("{named} {} 至 {}", date(wanted.from), date(wanted.to));
    page.site
        .console
        .work(async |a| a.note_inspection(Inspection::Export, (&about, None), act).await)
        .await?;
    let name = format!("yanmi-statistics-{}-{}-{}", wanted.kind, date(wanted.from), date(wanted.to));
    table_file::answer(&name, kind, COLUMNS, rows).await
}

/// A row of a file.
fn cells(name: String, figures: &Figures) -> Vec<String> {
    std::iter::once(name).chain(values(figures)).collect()
}

fn wanted(asked: &FormFields, now: UnixMillis) -> Result<Wanted, ConsoleRefusal> {
    let refused = |what: &str| ConsoleRefusal::Refused(what.to_owned());
    let kind = KINDS.into_iter().find(|(kind, _)| *kind == asked.text("by")).map_or("day", |(kind, _)| kind);
    let org = Some(asked.text("org")).filter(|org| !org.is_empty());
    let org = org
        .map(OrgCode::new)
        .transpose()
        .map_err(|error| ConsoleRefusal::Refused(format!("机构代码{error}")))?;
    let read = |name: &str| match asked.text(name) {
        "" => Ok(None),
        text => moment(text, now).map(Some).ok_or_else(|| refused("日期应写作 2026-11-23")),
    };
    let to = read("to")?.unwrap_or(now);
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

const fn first_column(wanted: &Wanted) -> &'static str {
    match wanted.kind.as_bytes() {
        b"hour" => "小时",
        b"city" => "地市",
        b"channel" => "渠道",
        _ => "日期",
    }
}

/// What a row is of, in words.
fn shown(page: &OperatorRequest<'_>, wanted: &Wanted, name: &str) -> String {
    let part = |from: usize, to: usize| name.get(from..to).unwrap_or_default();
    let day = || format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8));
    match wanted.kind {
        "day" => day(),
        "hour" => format!("{} {} 时", day(), part(8, 10)),
        "channel" if name.is_empty() => "没有渠道".to_owned(),
        "channel" => {
            let snapshot = page.site.registry.snapshot();
            let channel =
                ChannelId::new(name).ok().and_then(|id| snapshot.channel(&id).map(|c| c.name.clone()));
            channel.unwrap_or_else(|| name.to_owned())
        }
        _ => name.to_owned(),
    }
}

fn heading(first: &'static str) -> [&'static str; COLUMNS] {
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
    html! { td { (name) } @for value in values(figures) { td { (value) } } }
}

/// What stands behind the name of a row, in the order of the heading.
fn values(figures: &Figures) -> [String; COLUMNS - 1] {
    let of = |figure: Figure| figures[figure].to_string();
    [
        of(Figure::Asked),
        of(Figure::Reminded),
        of(Figure::Undelivered),
        figures.confirmed().to_string(),
        rate(figures),
        of(Figure::Cancelled),
        of(Figure::NotMe),
        (figures[Figure::Failed] + figures[Figure::Locked]).to_string(),
        of(Figure::Free),
        yuan(figures[Figure::ConfirmedFen]),
        yuan(figures[Figure::FreeFen]),
        format!("{}、{}", wait(figures, 50), wait(figures, 95)),
    ]
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
