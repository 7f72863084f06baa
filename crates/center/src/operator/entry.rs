//! What the pages of accounts, institutions and channels share: whether an entry is served, stopping and closing it, and its
//! history.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use maud::{Markup, html};
use yanmi_onboarding::{Action, Area};

use super::request::{ConsoleRefusal, OperatorRequest, act_of};
pub(super) use crate::face::entry_state::EntryState;
use crate::face::form::FormFields;
use crate::registry::{Act, Intent, Object, Switch};

/// The longest emergency stop, in hours: then it lapses, or somebody who may switches it off.
const MAX_STOP_HOURS: u64 = 4;

/// The forms that stop, switch and close an entry, as far as he may.
pub(super) fn switches(page: &OperatorRequest<'_>, served: EntryState, place: Area) -> Markup {
    let may = |action| page.may(action, place).is_ok();
    let is_off = !served.on || served.stopped_until.is_some_and(|until| until > page.now);
    html! {
        @if served.closed_at.is_none() {
            @if may(Action::StopEntry) {
                h2 { "紧急停用" }
                form.act.box method="post" action=(page.path) {
                    input type="hidden" name="do" value="stop";
                    label { "小时 " span.soft { "到时自动恢复，至多 " (MAX_STOP_HOURS) }
                        input name="hours" type="number" min="1" max=(MAX_STOP_HOURS) value="4" required; }
                    (page.act_fields())
                    button.danger { "紧急停用" }
                }
            }
            @if may(Action::SwitchEntry) {
                h2 { @if is_off { "启用" } @else { "停用" } }
                form.act.box method="post" action=(page.path) {
                    input type="hidden" name="do" value=(if is_off { "on" } else { "off" });
                    (page.act_fields())
                    @if is_off { button { "启用" } } @else { button.danger { "停用" } }
                }
            }
            @if may(Action::CloseEntry) {
                h2 { "注销" }
                form.act.box method="post" action=(page.path) {
                    input type="hidden" name="do" value="close";
                    label { "再输一遍编码 " span.soft { "第二人复核之后生效，不能恢复" } input name="again" required autocomplete="off"; }
                    (page.act_fields())
                    button.danger { "提出注销" }
                }
            }
        }
    }
}

/// What a form about an entry is.
fn action_of(form: &FormFields) -> Result<Action, ConsoleRefusal> {
    match form.text("do") {
        "stop" => Ok(Action::StopEntry),
        "on" | "off" => Ok(Action::SwitchEntry),
        "close" => Ok(Action::CloseEntry),
        "contact" => Ok(Action::EditContact),
        "edit" | "attach" | "detach" | "applicant" => Ok(Action::EditEntry),
        _ => Err(ConsoleRefusal::BadForm),
    }
}

/// Takes a form about an entry at this place: what one may do alone is done, what needs a second person is proposed. `apply`
/// does it, as far as its act goes; the action is what it asks of other places the form names.
pub(super) async fn post(
    page: &mut OperatorRequest<'_>,
    body: Body,
    place: Area,
    apply: impl AsyncFnOnce(&OperatorRequest<'_>, &FormFields, Action, Act<'_>) -> Result<(), ConsoleRefusal>,
) -> Result<Response, ConsoleRefusal> {
    let form = page.act(body).await?;
    let action = action_of(&form)?;
    page.may(action, place)?;
    let actor = page.actor()?;
    let act = act_of(&actor, &form, page.now)?;
    if !action.needs_second() {
        apply(page, &form, action, act).await?;
        return Ok(page.done());
    }
    let stored = form.stored();
    apply(page, &form, action, act.with(Intent::Propose { form: &stored, place })).await?;
    Ok(page.proposed())
}

/// Does what one of those forms asks for; nothing when it is another's.
pub(super) async fn switch(
    page: &OperatorRequest<'_>,
    form: &FormFields,
    object: Object,
    act: Act<'_>,
) -> Result<bool, ConsoleRefusal> {
    let switch = match form.text("do") {
        "stop" => {
            let hours = form.text("hours").parse().ok().filter(|hours| (1..=MAX_STOP_HOURS).contains(hours));
            let hours =
                hours.ok_or_else(|| ConsoleRefusal::Refused(format!("小时应为 1 至 {MAX_STOP_HOURS}")))?;
            Some(Switch::OffUntil(page.now.plus(Duration::from_hours(hours))))
        }
        "on" => Some(Switch::On),
        "off" => Some(Switch::Off),
        "close" => {
            // The second person has not typed it.
            let proposing = matches!(act.intent, Intent::Propose { .. });
            if proposing && form.text("again") != object.code() {
                return Err(ConsoleRefusal::Refused("再输的编码不一样，没有提出".to_owned()));
            }
            None
        }
        _ => return Ok(false),
    };
    let console = &page.site.console;
    match switch {
        Some(switch) => console.work(async |a| a.switch(object, switch, act).await).await?,
        None => console.work(async |a| a.close_entry(object, act).await).await?,
    }
    Ok(true)
}
