//! Where an application stands, in words: for whoever opens it.

use maud::{Markup, html};
use yanmi_onboarding::application::{Live, Origin, Passed, Person, Report, State, command_name};

use super::delay::delay;
use crate::operator::request::OperatorRequest;
use crate::registry::{ApplicationRow, ApplicationStep, FeedbackRow};

/// What there is beside the application itself.
pub(super) struct Surroundings {
    pub(super) steps: Vec<ApplicationStep>,
    pub(super) feedback: Option<FeedbackRow>,
    /// Whether the key was made out to a public key.
    pub(super) has_offer: bool,
}

/// State, whose turn, until when, and what was decided so far.
pub(super) fn summary(page: &OperatorRequest<'_>, row: &ApplicationRow, around: &Surroundings) -> Markup {
    let application = &row.application;
    html! {
        div.box { dl {
            dt { "编号" } dd { code { (row.code()) } }
            dt { "种类" } dd { (application.kind().name()) "，区划 " (application.place()) }
            dt { "状态" } dd { strong { (application.state().name()) } }
            dt { "轮到" } dd { (application.turn(page.now).words()) }
            @if let Some(due) = row.due {
                dt { "办理期限" } dd { (due.shanghai_date()) (delay(page, application)) }
            }
            @if let Some(at) = application.lapses_at() { dt { "到期" } dd { (at.shanghai_text()) } }
            dt { "提交人" } dd { (row.made_by) "，" (row.made_at.shanghai_text()) }
            (state(row, around))
        } }
        @if let Some(proposal) = application.proposal() {
            p.said role="status" {
                (person(proposal.by.by)) " 提出" (proposal.what.name()) "，等另一人复核"
                @if !proposal.by.opinion.is_empty() { "：" (proposal.by.opinion) }
            }
        }
    }
}

fn state(row: &ApplicationRow, around: &Surroundings) -> Markup {
    html! {
        @match row.application.state() {
            State::InReview(review) => {
                dt { "轮次" } dd { "第 " (review.round) " 次提交" }
                @if let Some(claim) = review.desk.claim { dt { "经办" } dd { (person(claim.by)) "，到 " (claim.until.shanghai_text()) } }
                (passed(&review.passed))
            }
            State::Refused { ground, .. } => { dt { "理由" } dd { (ground.name()) } }
            State::Trial(trial) => {
                (passed(&trial.approval.passed))
                dt { "联调编码" } dd { code { (trial.account.as_str()) } }
                @match &trial.report { Some(report) => (reported(report)), None => { dt { "验收报告" } dd { "还没有" } } }
            }
            State::Accepted { acceptance, .. } => {
                (reported(&acceptance.report))
                @if let Some(until) = acceptance.until { dt { "整改期限" } dd { (until.shanghai_date()) } }
            }
            State::Live(live) => (issued(live, around)),
            State::Suspended { was, ground, until, .. } => {
                dt { "停用" } dd { (ground.name()) @if let Some(until) = until { "，到 " (until.shanghai_text()) } }
                (issued(was, around))
            }
            State::Closed { ground, .. } => { dt { "理由" } dd { (ground.name()) } }
            State::Draft { .. } | State::Returned { .. } | State::Withdrawn { .. } | State::Done { .. } => {}
        }
    }
}

fn passed(passed: &[Passed]) -> Markup {
    html! {
        @for one in passed {
            dt { (one.level().name()) "级" }
            dd { @match one {
                Passed::Looked { by, second, .. } => { (person(by.by)) " 审核，" (person(*second)) " 复核，" (by.at.shanghai_date()) }
                Passed::Skipped { at, .. } => { "无人办理，" (at.shanghai_date()) " 转上一级" }
            } }
        }
    }
}

fn reported(report: &Report) -> Markup {
    html! {
        dt { "验收报告" }
        dd {
            (report.conclusion.name())
            "，" (report.product.name) " " (report.product.version) "，" (report.at.shanghai_text()) "，"
            @match report.origin {
                Origin::RunHere => { "联调环境验收" (presided(report)) }
                Origin::Own => "申请方自测，须旁证",
                Origin::Witnessed(by) => { "自测，" (person(by)) " 旁证" }
            }
        }
    }
}

/// Who signed it, and what the desk compares with the form: names are typed twice.
fn presided(report: &Report) -> Markup {
    html! {
        @if let Some(run) = &report.run {
            "：" strong { (run.center) } " 签署，验收编号 " code { (run.number) } "，账号 " code { (run.account.as_str()) }
            "，厂商 " (run.vendor) " " span.soft { "请与申请表上的开发商核对" }
        }
    }
}

fn issued(live: &Live, around: &Surroundings) -> Markup {
    let (key, account) = (&live.key, live.key.account);
    html! {
        dt { "业务系统编码" } dd { a href={ "/o/accounts/" (account.as_str()) } { (account.as_str()) } }
        dt { "密钥" } dd {
            "校验值 " code { (key.kcv) } "，" (person(key.by)) " " (key.at.shanghai_date()) " 发出，"
            @match key.taken.or(key.used) { Some(at) => { (at.shanghai_date()) " 已领取" } None => span.off { "还没有领取" } }
            @if around.has_offer { "；已按申请表上的公钥加密，文件见下" }
        }
        @if let Some(until) = live.acceptance.until { dt { "整改期限" } dd { (until.shanghai_date()) } }
        @if let Some(form) = &around.feedback {
            dt { "反馈表" } dd { a href={ "/o/feedback/" (form.code) } { (form.code) } "，" (form.made_at.shanghai_date()) }
        }
    }
}

/// What was done, the newest first.
pub(super) fn history(steps: &[ApplicationStep]) -> Markup {
    let rows: Vec<Markup> = steps
        .iter()
        .rev()
        .map(|step| {
            html! {
                td.code { (step.at.shanghai_text()) }
                td { (step.actor) }
                td { (command_name(&step.action)) }
                td { (step.said) }
            }
        })
        .collect();
    html! {
        h2 { "经过" }
        (super::list::named_table("经过", &["时间", "谁", "做了什么", "意见"], &rows))
    }
}

pub(super) fn person(person: Person) -> String {
    match person {
        Person::Operator(id) => id.as_str().to_owned(),
        Person::Applicant(id) => format!("申请方 {}", id.as_str()),
    }
}
