//! Doing something with an application: what was sent becomes a command, and the rules say whether it is carried out.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use maud::html;
use yanmi_onboarding::application::{
    Actor, CheckItem, Command, Fault, Field, FormDigest, Ground, State, checklist,
};
use yanmi_protocol::{AccountId, UnixMillis};

use super::person;
use crate::face::application_form as form;
use crate::face::form::FormFields;
use crate::face::page::see_other;
use crate::operator::request::{ConsoleRefusal, OperatorRequest};
use crate::registry::{Act, ApplicationError, ApplicationRow, IssuedKeyOffer};
use crate::telemetry::chain;

/// What was typed, as the commands take it.
struct Typed<'a> {
    form: FormDigest,
    checked: Vec<CheckItem>,
    faults: Vec<Fault>,
    account: Option<AccountId>,
    ground: Option<Ground>,
    until: Option<UnixMillis>,
    stop_until: Option<UnixMillis>,
    opinion: &'a str,
}

pub(super) async fn decide(
    page: &mut OperatorRequest<'_>,
    row: &ApplicationRow,
    body: Body,
) -> Result<Response, ConsoleRefusal> {
    let sent = page.act(body).await?;
    let (actor, grants, id) = (page.actor()?, page.rights(), person(page)?);
    let who = Actor::Operator { id, grants: &grants };
    let act = Act::new(&actor, "", page.now);
    let step = sent.text("do");
    match step {
        "save" | "submit" => {
            fill_in(page, row, &sent, (&who, act)).await?;
            Ok(page.done())
        }
        "issue" => issue(page, row, &sent, (&who, act)).await,
        "feedback" => {
            page.may_in_province(yanmi_onboarding::Action::RotateKey)?;
            let terms = page.site.console.terms.as_ref();
            let terms =
                terms.ok_or_else(|| refused(&ApplicationError::NotConfigured("onboarding.signing_key")))?;
            let made =
                page.site.console.work(async |a| a.issue_feedback(row.number, terms, act).await).await?;
            Ok(see_other(&format!("/o/feedback/{}", made.code)))
        }
        _ => {
            let typed = read(page, row, &sent)?;
            let command = command(step, &typed)?;
            give(page, row.number, &command, (&who, act)).await?;
            Ok(page.done())
        }
    }
}

async fn give(
    page: &OperatorRequest<'_>,
    number: i64,
    command: &Command<'_>,
    (who, act): (&Actor<'_>, Act<'_>),
) -> Result<(), ConsoleRefusal> {
    let console = &page.site.console;
    let calendar = &console.calendar;
    Ok(console.work(async |a| a.step_application(number, command, who, calendar, act).await).await?)
}

/// Keeps what was filled in, whether or not it can be submitted: nothing that was typed is lost.
async fn fill_in(
    page: &OperatorRequest<'_>,
    row: &ApplicationRow,
    sent: &FormFields,
    (who, act): (&Actor<'_>, Act<'_>),
) -> Result<(), ConsoleRefusal> {
    let seen = form::digest(sent.text("seen")).ok_or(ConsoleRefusal::BadForm)?;
    let filled = form::read(row.application.kind(), &row.form, sent).map_err(ConsoleRefusal::Refused)?;
    let console = &page.site.console;
    let saved = console
        .work(async |a| a.save_application((row.number, &filled, seen), who, &console.calendar, act).await);
    saved.await?;
    if sent.text("do") == "submit" {
        give(page, row.number, &Command::Submit(&filled), (who, act)).await?;
    }
    Ok(())
}

async fn issue(
    page: &OperatorRequest<'_>,
    row: &ApplicationRow,
    sent: &FormFields,
    (who, act): (&Actor<'_>, Act<'_>),
) -> Result<Response, ConsoleRefusal> {
    let account = account(sent)?.ok_or(ConsoleRefusal::BadForm)?;
    let console = &page.site.console;
    let signer = console.terms.as_ref().map(|terms| &terms.signer);
    let issued = console.work(async |a| {
        a.issue_application((row.number, account), signer, (who, &console.calendar), act).await
    });
    let issued = issued.await?;
    // The form is the smaller matter: where it cannot be issued now, it is issued from the page.
    if let (Some(terms), false) = (&console.terms, matches!(issued, IssuedKeyOffer::Channel))
        && let Err(error) = console.work(async |a| a.issue_feedback(row.number, terms, act).await).await
    {
        tracing::warn!(cause = %chain(&error), application = row.number, "反馈表没有随账户出具：请在申请的页面上出具");
    }
    let IssuedKeyOffer::Link(offer) = issued else { return Ok(page.done()) };
    let portal = console.portal.as_deref().unwrap_or_default();
    let middle = html! {
        p.said role="status" { "账户已开通，密钥已备好。只显示这一次。" }
        div.box { dl {
            dt { "业务系统编码" } dd { code { (account.as_str()) } }
            dt { "链接" } dd { code { (portal) "/k/" (offer.link.as_str()) } @if portal.is_empty() { " " span.soft { "接在领取密钥的网址（listen.applicant）之后" } } }
            dt { "提取码" } dd { code.key { (offer.passcode.as_str()) } }
            dt { "有效至" } dd { (offer.until.shanghai_text()) }
        } }
        p { "链接与提取码分两路：链接可以发邮件或公文，提取码打登记的电话，由另一人告知。" }
        p { a href=(page.path) { "返回申请" } }
    };
    Ok(page.page("密钥已备好", &middle))
}

fn refused(error: &ApplicationError) -> ConsoleRefusal {
    ConsoleRefusal::Refused(error.to_string())
}

fn account(sent: &FormFields) -> Result<Option<AccountId>, ConsoleRefusal> {
    let text = sent.text("account");
    if text.is_empty() {
        return Ok(None);
    }
    let read = AccountId::new(text).map(Some);
    read.map_err(|_| ConsoleRefusal::Refused("编码应为 1 至 40 个可见 ASCII 字符".to_owned()))
}

fn read<'a>(
    page: &OperatorRequest<'_>,
    row: &ApplicationRow,
    sent: &'a FormFields,
) -> Result<Typed<'a>, ConsoleRefusal> {
    let asked = match row.application.state() {
        State::InReview(review) => checklist(review.desk.level, row.application.kind()),
        _ => &[],
    };
    let ticked = |item: &&CheckItem| sent.text("check").split(',').any(|word| word == item.word());
    let fault = |field: Field| {
        let why = sent.text(&format!("fault-{}", field.word())).to_owned();
        (!why.is_empty()).then_some(Fault { field, why })
    };
    let ground = sent.text("ground");
    Ok(Typed {
        form: form::digest(sent.text("form")).ok_or(ConsoleRefusal::BadForm)?,
        checked: asked.iter().filter(ticked).copied().collect(),
        faults: Field::ALL.into_iter().filter_map(fault).collect(),
        account: account(sent)?,
        ground: Ground::ALL.into_iter().find(|known| known.word() == ground),
        until: day_end(sent.text("until"))?,
        stop_until: hours(sent.text("hours"))?.map(|span| page.now.plus(span)),
        opinion: sent.text("opinion"),
    })
}

/// The end of a day, `2026-12-31`.
fn day_end(text: &str) -> Result<Option<UnixMillis>, ConsoleRefusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let parts: Option<Vec<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    let end = match parts.as_deref() {
        Some([year, month, day]) => UnixMillis::from_shanghai([*year, *month, *day, 23, 59, 59]),
        _ => None,
    };
    end.map(Some).ok_or_else(|| ConsoleRefusal::Refused("整改期限应为日期".to_owned()))
}

fn hours(text: &str) -> Result<Option<Duration>, ConsoleRefusal> {
    /// The longest that ends by itself: a month.
    const MOST: u64 = 720;
    if text.is_empty() {
        return Ok(None);
    }
    let hours = text.parse().ok().filter(|hours| (1..=MOST).contains(hours));
    let hours = hours.ok_or_else(|| ConsoleRefusal::Refused(format!("小时应为 1 至 {MOST}")))?;
    Ok(Some(Duration::from_hours(hours)))
}

fn command<'a>(step: &str, typed: &'a Typed<'a>) -> Result<Command<'a>, ConsoleRefusal> {
    let Typed { form, checked, faults, account, until, stop_until, opinion, .. } = typed;
    let (form, until, stop_until) = (*form, *until, *stop_until);
    let ground = || typed.ground.ok_or(ConsoleRefusal::BadForm);
    Ok(match step {
        "claim" => Command::Claim,
        "release" => Command::Release,
        "pass" => Command::Pass { form, checked, opinion },
        "return" => Command::Return { form, faults, opinion },
        "refuse" => Command::Refuse { form, ground: ground()?, opinion },
        "approve" => Command::Approve { form, checked, account: *account, opinion },
        "confirm" => Command::Confirm { form: Some(form) },
        "object" => Command::Object,
        "witness" => Command::Witness,
        "extend" => Command::Extend,
        "accept" => Command::Accept { until, opinion },
        "fulfil" => Command::Fulfil { opinion },
        "suspend" => Command::Suspend { ground: ground()?, opinion, until: stop_until },
        "resume" => Command::Resume { opinion },
        "close" => Command::Close { ground: ground()?, opinion },
        "withdraw" => Command::Withdraw,
        _ => return Err(ConsoleRefusal::BadForm),
    })
}
