//! A notice that nobody has answered yet, delivered once more for somebody at the telephone whose phone shows nothing.
//!
//! It is what the institution would do by asking again: the same number, in the limits of the verification and of the
//! person, with the same answer of the channel. Nothing else can be done again from here: what was answered stands.

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use tokio::time::Instant;
use yanmi_onboarding::Action;
use yanmi_protocol::NoticeNo;

use super::place::place_of;
use super::request::{ConsoleRefusal, OperatorRequest};
use crate::face::form::FormFields;
use crate::face::page::see_other;
use crate::face::page_request::act_of;
use crate::history::Story;
use crate::journey::notify::NoticeJourney;
use crate::ledger::Shown;
use crate::refusal::Refusal;
use crate::registry::Inspection;

/// What a page says whose notice went out.
const DONE: &str = "redelivered";

/// What the form says of itself.
pub(super) const WORD: &str = "redeliver";

/// The form, where the notice can be answered still and whoever looks may have it delivered.
pub(super) fn form(page: &OperatorRequest<'_>, at: usize, story: &Story) -> Markup {
    html! {
        @if may(page, story).is_ok() {
            details {
                summary { "再投一次通知" }
                form.act method="post" action=(page.path) autocomplete="off" {
                    input type="hidden" name="do" value=(WORD);
                    input type="hidden" name="story" value=(at);
                    p.soft { "同一个通知编号，计入提醒次数的限额；参保人已经作答的不能再投。" }
                    (page.act_fields())
                    button { "再投一次" }
                }
            }
        }
    }
}

/// What is said when it was done.
pub(super) fn said(page: &OperatorRequest<'_>) -> Markup {
    html! { @if page.query.text("done") == DONE { p.said role="status" { "渠道应用已收下，参保人应能看到通知。" } } }
}

fn may(page: &OperatorRequest<'_>, story: &Story) -> Result<NoticeNo, ConsoleRefusal> {
    let (Some(notice), Some(code)) = (story.open, story.org_code) else {
        return Err(ConsoleRefusal::Nowhere);
    };
    page.may(Action::Redeliver, place_of(page, &code))?;
    Ok(notice)
}

/// Has it delivered; the event is written before, so that whatever becomes of it, it is known who wanted it.
pub(super) async fn again(
    page: &mut OperatorRequest<'_>,
    form: &FormFields,
    story: &Story,
) -> Result<Response, ConsoleRefusal> {
    let notice = may(page, story)?;
    page.check_act(form).await?;
    let actor = page.actor()?;
    let act = act_of(&actor, form, page.now)?;
    let (console, place) = (&page.site.console, story.org_code.map(|code| place_of(page, &code)));
    let number = notice.to_string();
    let about = (number.as_str(), place);
    console.work(async |a| a.note_inspection(Inspection::Redeliver, about, act).await).await?;
    let shown = page.site.ledger.by_notice(notice).await.map_err(|error| refused(&error.into()))?;
    let gone = || ConsoleRefusal::Refused("这条通知已不在等待参保人，没有再投".to_owned());
    let shown = shown.filter(|shown| shown.verification.is_open(page.now)).ok_or_else(gone)?;
    let amount = shown.verification.amount;
    let journey = journey(page, shown).ok_or_else(gone)?;
    // What was begun is finished, also when the browser leaves.
    let task = tokio::spawn(async move { journey.run(amount).await });
    let (_, _, result) = task.await.map_err(|error| {
        tracing::error!(cause = %error, "再次投递的任务中断");
        ConsoleRefusal::Busy
    })?;
    result.map_err(|refusal| refused(&refusal))?;
    Ok(see_other(&format!("{}?done={DONE}", page.path)))
}

/// The way the notice goes, as if the institution had asked again; nothing where that is not registered any more.
fn journey(page: &OperatorRequest<'_>, shown: Shown) -> Option<NoticeJourney> {
    let registry = page.site.registry.snapshot();
    let institution = registry.institution(&shown.key.org_code).filter(|institution| institution.active)?;
    let account = institution.accounts.first().and_then(|id| registry.account(id.as_str()))?;
    Some(NoticeJourney {
        share: Arc::clone(&account.share),
        registered_name: institution.name.clone(),
        site: Arc::clone(page.site),
        registry: Arc::clone(&registry),
        started: Instant::now(),
        key: shown.key,
        shown_name: shown.org_name,
        extended: shown.compared,
    })
}

fn refused(refusal: &Refusal) -> ConsoleRefusal {
    ConsoleRefusal::Refused(format!("没有投出：{}（{}）", refusal.message(), refusal.code().number()))
}
