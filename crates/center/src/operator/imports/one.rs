//! One import: what it would change, what became of it, and deciding it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, Method, Request, header};
use maud::{Markup, html};
use yanmi_onboarding::import::field_changes;
use yanmi_onboarding::{Action, Area, ImportSubject};

use crate::face::form::FormFields;
use crate::face::page::see_other;
use crate::operator::list::{self, ROWS};
use crate::operator::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use crate::percent::encoded;
use crate::registry::{
    ImportDecision, ImportLine, ImportRecord, ImportState, ImportStep, ImportTicks, LineKind, LineOutcome,
    Object, check_whole,
};
use crate::site::Site;

/// How often a page that shows progress is loaded again, in seconds.
const REFRESH: &str = "2";
/// Characters of a digest that are shown.
const DIGEST_SHOWN: usize = 16;

/// The lists of rows on the page, each with its name in the address.
const LISTS: [(&str, &str, LineKind); 4] = [
    ("skipped", "没有导入的行", LineKind::Ended(LineOutcome::Skipped)),
    ("kept", "没有撤销的行", LineKind::Ended(LineOutcome::Kept)),
    ("faults", "有错的行", LineKind::Faulty),
    ("changes", "更改", LineKind::Changing),
];

pub(crate) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// The import of the address, if whoever asks may see it.
pub(super) async fn found(page: &OperatorRequest<'_>, number: &str) -> Result<ImportRecord, ConsoleRefusal> {
    let number = number.parse().map_err(|_| ConsoleRefusal::Nowhere)?;
    let record = page.site.console.work(async |a| a.import(number).await).await?;
    let record = record.ok_or(ConsoleRefusal::Nowhere)?;
    if is_own(page, &record) && page.may_anywhere(Action::ViewImports) {
        return Ok(record);
    }
    page.may(Action::ViewImports, record.region)?;
    Ok(record)
}

/// Whether he may edit entries there without a second person: a table is no way around one.
pub(super) fn may_edit_alone(page: &OperatorRequest<'_>, place: Area) -> bool {
    !Action::EditEntry.needs_second() && page.may(Action::EditEntry, place).is_ok()
}

pub(super) fn is_own(page: &OperatorRequest<'_>, record: &ImportRecord) -> bool {
    page.actor().is_ok_and(|actor| actor.as_str() == record.made_by)
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let number = page.path.strip_prefix("/o/imports/").unwrap_or_default().to_owned();
    let record = found(page, &number).await?;
    if page.method == Method::POST {
        let form = page.act(body).await?;
        decide(page, &record, &form).await?;
        return Ok(see_other(&page.path));
    }
    let console = &page.site.console;
    let outcomes = console.work(async |a| a.import_outcomes(record.number).await).await?;
    let count = |wanted| outcomes.iter().find(|(outcome, _)| *outcome == wanted).map_or(0, |(_, rows)| *rows);
    let now = page.now;
    let repeated = match record.state {
        ImportState::Checked => console.work(async |a| a.repeated_import(&record, now).await).await?,
        _ => None,
    };
    let middle = html! {
        (progress(&record, &count))
        (keys(&record))
        (summary(&record, &count))
        (decisions(page, &record, repeated))
        (lists(page, &record).await?)
    };
    let mut response = page.page(&format!("导入 {}", record.number), &middle);
    if matches!(record.state, ImportState::Applying | ImportState::Undoing) {
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static(REFRESH));
    }
    Ok(response)
}

fn progress(record: &ImportRecord, count: &dyn Fn(LineOutcome) -> u64) -> Markup {
    let (done, skipped) = (count(LineOutcome::Done), count(LineOutcome::Skipped));
    let (reversed, kept) = (count(LineOutcome::Reversed), count(LineOutcome::Kept));
    let changing = record.counts.added + record.counts.changed;
    let words = match record.state {
        ImportState::Reading => "正在核对，请稍后打开。".to_owned(),
        ImportState::Checked if changing == 0 => "没有要导入的行。".to_owned(),
        ImportState::Checked => "已核对，还没有任何更改。".to_owned(),
        ImportState::Waiting => "等待第二人复核，还没有任何更改。".to_owned(),
        ImportState::Applying => {
            format!("正在导入：已办 {} 行，共 {changing} 行。本页每 {REFRESH} 秒更新。", done + skipped)
        }
        ImportState::Applied if record.whole && done == 0 => {
            "整表都没有导入：有的行在核对之后被改动，见下。没有任何更改。".to_owned()
        }
        ImportState::Applied => format!("已导入 {done} 行，{skipped} 行没有导入。"),
        ImportState::Undoing => {
            format!("正在撤销：已办 {} 行，还有 {done} 行。本页每 {REFRESH} 秒更新。", reversed + kept)
        }
        ImportState::Undone => format!("已撤销 {reversed} 行，{kept} 行没有撤销。"),
        ImportState::Dropped => "已放弃，没有任何更改。".to_owned(),
    };
    html! { p.said role="status" { (words) } }
}

/// How the new accounts of a table come to their keys.
fn keys(record: &ImportRecord) -> Markup {
    let is_told = record.subject == ImportSubject::Accounts && record.counts.added > 0;
    html! {
        @if is_told {
            p { "新账号的密钥由中心生成，请到账号页交付：导入时没有人看得到密钥，交付之后对方才能调用。" }
        }
    }
}

fn summary(record: &ImportRecord, count: &dyn Fn(LineOutcome) -> u64) -> Markup {
    let counts = record.counts;
    let is_open = matches!(record.state, ImportState::Checked | ImportState::Waiting | ImportState::Reading);
    let digest: String = record.digest_text().chars().take(DIGEST_SHOWN).collect();
    let name = |open, over| if is_open { open } else { over };
    html! {
        div.box { dl {
            dt { "内容" } dd { (record.subject.name()) }
            dt { "状态" } dd { (record.state) }
            dt { (name("将新增", "新增")) } dd { (counts.added) }
            dt { (name("将更改", "更改")) } dd { (counts.changed) }
            dt { "与登记相同" } dd { (counts.same) }
            dt { "有错，不会导入" } dd { (counts.faulty) }
            @if count(LineOutcome::Skipped) > 0 { dt { "没有导入" } dd { (count(LineOutcome::Skipped)) } }
            @if count(LineOutcome::Kept) > 0 { dt { "没有撤销" } dd { (count(LineOutcome::Kept)) } }
            @if record.whole { dt { "办法" } dd { "整表要么全部导入，要么不导入" } }
            dt { "文件" } dd { (record.file_name) "（SM3 " code { (digest) } "…）" }
            dt { "读作" } dd { (record.encoding) @if !record.samples.is_empty() { "：" (record.samples) } }
            dt { "范围" } dd { (record.region) }
            dt { "上传" } dd { (record.made_by) "，" (record.made_at.shanghai_text()) }
            @if let Some(at) = record.started_at {
                dt { "提交" } dd { (at.shanghai_text()) @if let Some(reason) = &record.reason { "，" (reason) } }
            }
            @if let Some(by) = &record.second_by { dt { "复核" } dd { (by) } }
            @if let Some(at) = record.ended_at { dt { "完成" } dd { (at.shanghai_text()) } }
            @if let Some(by) = &record.undone_by {
                dt { "撤销" } dd {
                    (by)
                    @if let Some(at) = record.undone_at { "，" (at.shanghai_text()) }
                    @if let Some(reason) = &record.undo_reason { "，" (reason) }
                }
            }
        } }
    }
}

/// The forms of whoever may decide.
fn decisions(page: &OperatorRequest<'_>, record: &ImportRecord, repeated: Option<i64>) -> Markup {
    let own = is_own(page, record);
    let may = |action| page.may(action, record.region).is_ok();
    let second = record.needs_second || !may_edit_alone(page, record.region);
    let changing = record.counts.added + record.counts.changed;
    let form = |step: &str, name: &str, danger: bool, more: Markup| {
        html! {
            form.act.box method="post" action=(page.path) {
                input type="hidden" name="do" value=(step);
                (more)
                (page.act_fields())
                button.danger[danger] { (name) }
            }
        }
    };
    let meant = html! {
        @if let Some(number) = repeated {
            div.ticks { label {
                input type="checkbox" name="meant" value="1";
                "24 小时之内已经导入过这个文件（第 " (number) " 号），确要再导入"
            } }
        }
    };
    html! {
        @match record.state {
            ImportState::Checked if own && may(Action::ImportEntries) && changing > 0 => {
                h2 { @if second { "提交复核" } @else { "导入" } }
                @if second { p { "由另一位有复核权限的人同意之后才导入。" } }
                (form("apply", if second { "提交复核" } else { "导入" }, false, html! { (meant) (whole(record)) }))
            }
            ImportState::Waiting if own => p { "请另一位有复核权限的人打开本页。" },
            ImportState::Waiting if may(Action::ReviewImport) => {
                h2 { "复核" }
                (form("confirm", "同意导入", false, html! {}))
            }
            ImportState::Applied if may(Action::ReviewImport) => {
                h2 { "撤销" }
                p { (undoing(record.subject)) }
                (form("undo", "撤销这次导入", true, html! {}))
            }
            _ => {}
        }
        @if matches!(record.state, ImportState::Reading | ImportState::Checked | ImportState::Waiting) && (own || may(Action::ReviewImport)) {
            h2 { "放弃" }
            (form("drop", "放弃这次导入", true, html! {}))
        }
    }
}

/// The tick for all or nothing, or why there is none.
fn whole(record: &ImportRecord) -> Markup {
    html! {
        @match check_whole(record.counts) {
            Ok(()) => div.ticks { label {
                input type="checkbox" name="whole" value="1";
                "整表要么全部导入，要么不导入：有一行在核对之后被改动，就一行也不导入"
            } },
            Err(why) => p.soft { (why.to_string()) },
        }
    }
}

/// What undoing does.
const fn undoing(subject: ImportSubject) -> &'static str {
    match subject {
        ImportSubject::Institutions => {
            "30 天之内可以撤销。之后没有再被改动的机构回到导入之前；新增的停用并解除业务系统；其余保留并列出。"
        }
        ImportSubject::Accounts => {
            "30 天之内可以撤销。之后没有再被改动的业务系统回到导入之前；新增的停用，密钥已经交付的也不能再调用；其余保留并列出。"
        }
    }
}

async fn decide(
    page: &OperatorRequest<'_>,
    record: &ImportRecord,
    form: &FormFields,
) -> Result<(), ConsoleRefusal> {
    let step = match form.text("do") {
        "apply" => ImportStep::Apply,
        "confirm" => ImportStep::Confirm,
        "drop" => ImportStep::Drop,
        "undo" => ImportStep::Undo,
        _ => return Err(ConsoleRefusal::BadForm),
    };
    match step {
        ImportStep::Apply => page.may(Action::ImportEntries, record.region)?,
        ImportStep::Drop if is_own(page, record) => {}
        ImportStep::Confirm | ImportStep::Drop | ImportStep::Undo => {
            page.may(Action::ReviewImport, record.region)?;
        }
    }
    let decision = ImportDecision {
        number: record.number,
        step,
        may_edit: may_edit_alone(page, record.region),
        alone: false,
        ticks: ImportTicks { meant: form.text("meant") == "1", whole: form.text("whole") == "1" },
    };
    let actor = page.actor()?;
    let act = act_of(&actor, form, page.now)?;
    let console = &page.site.console;
    console.work(async |a| a.decide_import(decision, act).await).await?;
    console.decided.notify_one();
    Ok(())
}

/// The lists, or the one that is paged through.
async fn lists(page: &OperatorRequest<'_>, record: &ImportRecord) -> Result<Markup, ConsoleRefusal> {
    let show = page.query.text("show");
    let after = page.query.text("after").parse().unwrap_or(0);
    let mut parts = Vec::new();
    for (name, title, kind) in LISTS {
        if !show.is_empty() && show != name {
            continue;
        }
        let from = if show == name { after } else { 0 };
        let console = &page.site.console;
        let read = console.work(async |a| a.import_lines(record.number, kind, from, ROWS + 1).await);
        let mut lines = read.await?;
        let more = lines.len() > ROWS;
        lines.truncate(ROWS);
        if !lines.is_empty() {
            let next = lines.last().filter(|_| more).map(|line| line.line);
            parts.push(list_of(page, record, (name, title, kind), &lines, next));
        }
    }
    Ok(html! { @for part in parts { (part) } })
}

fn list_of(
    page: &OperatorRequest<'_>,
    record: &ImportRecord,
    (name, title, kind): (&str, &str, LineKind),
    lines: &[ImportLine],
    next: Option<u32>,
) -> Markup {
    // The first column of the table.
    let code = record.subject.fields().first().map_or("", |field| field.name());
    let heading: &[&str] = match kind {
        LineKind::Faulty => &["单元格", "列", "值", "问题与办法"],
        LineKind::Changing => &["行", code, "内容"],
        LineKind::Ended(_) => &["行", code, "原因"],
    };
    let rows: Vec<Markup> = match kind {
        LineKind::Faulty => lines.iter().flat_map(faults).collect(),
        LineKind::Changing => lines.iter().map(change).collect(),
        LineKind::Ended(_) => lines.iter().map(left).collect(),
    };
    html! {
        h2 { (title) }
        @if kind == LineKind::Faulty {
            p {
                "改正之后重新上传即可（最后一列写着问题，不必删除）："
                a href={ (page.path) "/faults.xlsx" } { "XLSX" } "、" a href={ (page.path) "/faults.csv" } { "CSV" }
            }
        }
        (list::named_table(title, heading, &rows))
        @if let Some(next) = next {
            p.more { a href={ "/o/imports/" (record.number) "?show=" (name) "&after=" (next) } { "下一页" } }
        }
    }
}

fn faults(line: &ImportLine) -> Vec<Markup> {
    let faults = line.fault.iter().flat_map(|fault| &fault.faults);
    let row = |fault: &crate::registry::CellFault| {
        html! {
            td.code { (fault.cell) }
            td { (fault.column) }
            td { (fault.shown_value()) }
            td { (fault.problem) }
        }
    };
    faults.map(row).collect()
}

fn change(line: &ImportLine) -> Markup {
    let changes =
        line.after.as_ref().map(|after| field_changes(line.before.as_ref(), after)).unwrap_or_default();
    html! {
        (place(line))
        td {
            @if line.before.is_none() { "新增 " }
            @for (at, change) in changes.iter().enumerate() {
                @if at > 0 { "；" }
                (change.to_string())
            }
        }
    }
}

fn left(line: &ImportLine) -> Markup {
    html! { (place(line)) td { (line.note.as_deref().unwrap_or_default()) } }
}

fn place(line: &ImportLine) -> Markup {
    let code = line.code();
    let way =
        if matches!(line.object, Some(Object::Account(_))) { "/o/accounts/" } else { "/o/institutions/" };
    html! {
        td { (line.line) }
        td.code { a href={ (way) (encoded(code)) } { (code) } }
    }
}
