//! The applicant's applications (1.4.2): where each stands and whose turn it is, filling one in, submitting and withdrawing it.
//!
//! 经办负责人 files and submits; the technical contact sees all of it and brings the acceptance report. What operators are called
//! is not shown, only of which level they are.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Area;
use yanmi_onboarding::application::{Actor, Command, Field, Form, Kind, PersonId, State, command_name};

use super::request::{self, ApplicantRefusal, ApplicantRequest};
use super::strayed::strayed;
use crate::face::application_files::FILES;
use crate::face::application_form as form;
use crate::face::attachment::attachment;
use crate::face::form::FormFields;
use crate::face::page::see_other;
use crate::face::table::named_table;
use crate::registry::{Act, ApplicationRow, ApplicationStep, ListedApplication, application_no, round_of};
use crate::site::Site;

/// Applications that are listed; an applicant has few.
const LISTED: usize = 50;
/// What an applicant may apply for; channels are the province's.
const KINDS: [Kind; 4] = [Kind::System, Kind::Attach, Kind::Change, Kind::Close];

pub(super) async fn begin(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, begun).await
}

pub(super) async fn one(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

pub(super) async fn report(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, reporting).await
}

/// The key, made out to the public key of the form.
pub(super) async fn offer(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| {
        let row = own(page, "/offer.json").await?;
        let file = page.site.console.work(async |a| a.application_offer(row.number).await).await?;
        Ok(json_file("offer.json", file.ok_or(ApplicantRefusal::Nowhere)?))
    })
    .await
}

/// The feedback form as it was signed.
pub(super) async fn feedback(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| {
        let row = own(page, "/feedback.json").await?;
        let form = page.site.console.work(async |a| a.newest_feedback(row.number).await).await?;
        Ok(json_file("feedback.json", form.ok_or(ApplicantRefusal::Nowhere)?.paper.to_json()))
    })
    .await
}

/// The papers of an application.
pub(super) async fn files(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, body| {
        let row = own(page, FILES).await?;
        let who = who(page)?;
        page.files(&row, &who, body).await
    })
    .await
}

/// One of them.
pub(super) async fn file(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| {
        let digest = page.path.rsplit('/').next().unwrap_or_default();
        let row = own(page, &format!("{FILES}/{digest}")).await?;
        page.file(&row).await
    })
    .await
}

fn json_file(name: &str, text: String) -> Response {
    attachment("application/json", name, text.into_bytes())
}

/// Whoever is logged in, as the rules know him.
fn who(page: &ApplicantRequest<'_>) -> Result<Actor<'static>, ApplicantRefusal> {
    let user = &page.session()?.user;
    let id = PersonId::new(user.login.as_str()).ok_or(ApplicantRefusal::LoggedOut)?;
    Ok(Actor::Applicant { id, admin: user.role == yanmi_onboarding::ApplicantRole::Admin })
}

fn is_admin(page: &ApplicantRequest<'_>) -> Result<bool, ApplicantRefusal> {
    Ok(matches!(who(page)?, Actor::Applicant { admin: true, .. }))
}

/// The application of the address, which ends so behind its number; another applicant's is not there.
async fn own(page: &ApplicantRequest<'_>, tail: &str) -> Result<ApplicationRow, ApplicantRefusal> {
    let rest = page.segment("/a/applications/").ok_or(ApplicantRefusal::Nowhere)?;
    let number = rest.strip_suffix(tail).and_then(|text| text.parse().ok());
    let number: i64 = number.ok_or(ApplicantRefusal::Nowhere)?;
    let applicant = page.session()?.applicant.number;
    let row = page.site.console.work(async |a| a.application_of(applicant, number).await).await?;
    row.ok_or(ApplicantRefusal::Nowhere)
}

/// The list, for the first page.
pub(super) async fn list(page: &ApplicantRequest<'_>) -> Result<Markup, ApplicantRefusal> {
    let applicant = page.session()?.applicant.number;
    let rows = page.site.console.work(async |a| a.applications_of(applicant, LISTED).await).await?;
    let lines: Vec<Markup> = rows.iter().map(|row| line(page, row)).collect();
    Ok(html! {
        h2 { "接入申请" }
        @if lines.is_empty() { p.box { "还没有申请。" } }
        @else { (named_table("接入申请", &["编号", "种类", "状态", "轮到", "期限"], &lines)) }
        @if is_admin(page)? { p { a href="/a/applications" { "新建申请" } } }
    })
}

fn line(page: &ApplicantRequest<'_>, row: &ListedApplication) -> Markup {
    let application = &row.application;
    let due = row.due.or_else(|| application.lapses_at());
    html! {
        td.code { a href={ "/a/applications/" (row.number) } { (row.code()) } }
        td { (application.kind().name()) }
        td { (application.state().name()) }
        td { (application.turn(page.now).words()) }
        td { @if let Some(due) = due { (due.shanghai_date()) } }
    }
}

async fn begun(page: &mut ApplicantRequest<'_>, body: Body) -> Result<Response, ApplicantRefusal> {
    if !is_admin(page)? {
        return Err(ApplicantRefusal::Nowhere);
    }
    if page.method != Method::POST {
        let middle = html! {
            form.act.box method="post" action=(page.path) {
                label { "种类" select name="kind" {
                    @for kind in KINDS { option value=(kind.word()) { (kind.name()) } }
                } }
                label { "所属区划 " span.soft { "6 位，决定从哪一级受理" }
                    input name="region" required inputmode="numeric" minlength="6" maxlength="6"; }
                div.ticks { label { input type="checkbox" name="several" value="1"; "机构分属多个区划（由省级受理）" } }
                (page.proof_fields())
                button { "新建草稿" }
            }
        };
        return Ok(page.page("新建申请", &middle));
    }
    let typed = page.act(body).await?;
    let kind = KINDS.into_iter().find(|kind| kind.word() == typed.text("kind"));
    let kind = kind.ok_or(ApplicantRefusal::BadForm)?;
    let region = typed.text("region");
    let province = page.site.region.as_str().get(..2).unwrap_or_default();
    if Area::new(region).is_err() || !region.starts_with(province) {
        return Err(ApplicantRefusal::Refused("所属区划应为本省的 6 位区划代码".to_owned()));
    }
    let mut form = Form::default();
    form.set(Field::Region, region);
    name(page, &mut form)?;
    let (actor, several, who) = (page.actor()?, typed.text("several") == "1", who(page)?);
    let act = Act::new(&actor, "", page.now);
    let begun =
        page.site.console.work(async |a| a.begin_application((kind, &form, several), &who, act).await);
    Ok(see_other(&format!("/a/applications/{}", begun.await?)))
}

/// Whose form it is stands fast.
fn name(page: &ApplicantRequest<'_>, form: &mut Form) -> Result<(), ApplicantRefusal> {
    let applicant = &page.session()?.applicant;
    form.set(Field::Applicant, &applicant.name);
    form.set(Field::CreditCode, applicant.credit_code.as_str());
    Ok(())
}

async fn answer(page: &mut ApplicantRequest<'_>, body: Body) -> Result<Response, ApplicantRefusal> {
    let row = own(page, "").await?;
    if page.method == Method::POST {
        let typed = page.act(body).await?;
        act(page, &row, &typed).await?;
        return Ok(page.done());
    }
    let number = row.number;
    let console = &page.site.console;
    let steps = console.work(async |a| a.application_steps(number).await).await?;
    let has_offer = console.work(async |a| a.application_offer(number).await).await?.is_some();
    let has_form = console.work(async |a| a.newest_feedback(number).await).await?.is_some();
    let middle = html! {
        @if page.query.text("done") == "1" { p.said role="status" { "已办。" } }
        (summary(page, &row))
        (strayed(page, &row).await?)
        @if has_offer { p { a href={ (page.path) "/offer.json" } { "下载密钥文件 offer.json" } " " span.soft { "用 yanmi key open 打开" } } }
        @if has_form { p { a href={ (page.path) "/feedback.json" } { "下载反馈表 feedback.json" } " " span.soft { "用 yanmi feedback check 核对" } } }
        (filled_in(page, &row).await?)
        (page.file_list(&row, &who(page)?).await?)
        (withdrawal(page, &row)?)
        (history(&steps))
    };
    Ok(page.page(&format!("申请 {}", row.code()), &middle))
}

/// Where it stands, whose turn it is, and what came back.
fn summary(page: &ApplicantRequest<'_>, row: &ApplicationRow) -> Markup {
    let application = &row.application;
    html! {
        div.box { dl {
            dt { "种类" } dd { (application.kind().name()) "，区划 " (application.place()) }
            dt { "状态" } dd { strong { (application.state().name()) } }
            dt { "轮到" } dd { (application.turn(page.now).words()) }
            @if let Some(due) = row.due { dt { "办理期限" } dd { (due.shanghai_date()) } }
            @if let Some(at) = application.lapses_at() { dt { "到期" } dd { (at.shanghai_text()) } }
            @match application.state() {
                State::Trial(trial) => { dt { "联调编码" } dd { code { (trial.account.as_str()) } } }
                State::Live(live) => { dt { "业务系统编码" } dd { a href={ "/a/accounts/" (live.key.account.as_str()) } { (live.key.account.as_str()) } } }
                _ => {}
            }
        } }
        @match application.state() {
            State::Returned { faults, by, .. } => {
                (form::faults(faults))
                @if !by.opinion.is_empty() { p { "意见：" (by.opinion) } }
            }
            State::Trial(trial) => {
                @match &trial.report {
                    None => p { "联调通过之后，在联调中心或用 yanmi acceptance 验收，" a href={ (page.path) "/report" } { "提交验收报告" } "。" }
                    Some(report) => p {
                        "已提交验收报告：" (report.conclusion.name()) "，" (report.at.shanghai_text())
                        @if let Some(run) = &report.run { "，" (run.center) "，编号 " (run.number) }
                        "。" a href={ (page.path) "/report" } { "提交另一份" } "。"
                    }
                }
            }
            _ => {}
        }
    }
}

async fn filled_in(page: &ApplicantRequest<'_>, row: &ApplicationRow) -> Result<Markup, ApplicantRefusal> {
    let (kind, state) = (row.application.kind(), row.application.state());
    if is_admin(page)? && matches!(state, State::Draft { .. } | State::Returned { .. }) {
        let number = application_no(&row.application, row.number, row.made_at);
        let console = &page.site.console;
        let mut faults = row.form.faults();
        faults.extend(console.work(async |a| a.form_faults(kind, &row.form, number).await).await?);
        return Ok(form::open(&page.path, kind, &row.form, (&faults, &page.proof_fields())));
    }
    let before = match round_of(state) {
        Some(round) if round > 1 => {
            page.site.console.work(async |a| a.application_form(row.number, round - 1).await).await?
        }
        _ => None,
    };
    Ok(html! { h2 { "申请表" } (form::table(kind, &row.form, before.as_ref())) })
}

fn withdrawal(page: &ApplicantRequest<'_>, row: &ApplicationRow) -> Result<Markup, ApplicantRefusal> {
    let world =
        yanmi_onboarding::application::Circumstances { calendar: &page.site.console.calendar, staffed: true };
    let can = row.application.step(&Command::Withdraw, &who(page)?, &world, page.now).is_ok();
    Ok(html! {
        @if can {
            h2 { "撤回申请" }
            form.act.box method="post" action=(page.path) {
                input type="hidden" name="do" value="withdraw";
                (page.proof_fields())
                button.danger { "撤回，不能恢复" }
            }
        }
    })
}

/// What was done; of operators only that they were operators.
fn history(steps: &[ApplicationStep]) -> Markup {
    let line = |step: &ApplicationStep| {
        let by = if step.actor.starts_with("applicant:") { "申请方" } else { "医保部门" };
        html! { td.code { (step.at.shanghai_text()) } td { (by) } td { (command_name(&step.action)) } td { (step.said) } }
    };
    let rows: Vec<Markup> = steps.iter().rev().map(line).collect();
    html! { h2 { "经过" } (named_table("经过", &["时间", "谁", "做了什么", "意见"], &rows)) }
}

async fn act(
    page: &ApplicantRequest<'_>,
    row: &ApplicationRow,
    typed: &FormFields,
) -> Result<(), ApplicantRefusal> {
    let (actor, who) = (page.actor()?, who(page)?);
    let act = Act::new(&actor, "", page.now);
    let (console, number) = (&page.site.console, row.number);
    let calendar = &console.calendar;
    match typed.text("do") {
        step @ ("save" | "submit") => {
            let seen = form::digest(typed.text("seen")).ok_or(ApplicantRefusal::BadForm)?;
            let read = form::read(row.application.kind(), &row.form, typed);
            let mut filled = read.map_err(ApplicantRefusal::Refused)?;
            name(page, &mut filled)?;
            let saved = console
                .work(async |a| a.save_application((number, &filled, seen), &who, calendar, act).await);
            saved.await?;
            if step == "submit" {
                let submit = Command::Submit(&filled);
                console
                    .work(async |a| a.step_application(number, &submit, &who, calendar, act).await)
                    .await?;
            }
            Ok(())
        }
        "withdraw" => {
            let withdraw = Command::Withdraw;
            Ok(console
                .work(async |a| a.step_application(number, &withdraw, &who, calendar, act).await)
                .await?)
        }
        _ => Err(ApplicantRefusal::BadForm),
    }
}

async fn reporting(page: &mut ApplicantRequest<'_>, body: Body) -> Result<Response, ApplicantRefusal> {
    let row = own(page, "/report").await?;
    if page.method != Method::POST {
        let middle = html! {
            p { "联调中心签署的 report.signed.json 直接作为验收依据，请原样提交。自己机器上写出的 report.json，由医保部门的人亲眼看过抽样重做之后，才作为验收依据。" }
            form.act.box method="post" action=(page.path) enctype="multipart/form-data" {
                label { "report.signed.json 或 report.json" input type="file" name="file" required accept=".json"; }
                (page.proof_fields())
                button { "提交报告" }
            }
        };
        return Ok(page.page("提交验收报告", &middle));
    }
    let report = page.act_with_report(body, &row).await?;
    let (actor, who) = (page.actor()?, who(page)?);
    let act = Act::new(&actor, "", page.now);
    let (console, command) = (&page.site.console, Command::Report(&report));
    console
        .work(async |a| a.step_application(row.number, &command, &who, &console.calendar, act).await)
        .await?;
    Ok(see_other(&format!("/a/applications/{}?done=1", row.number)))
}
