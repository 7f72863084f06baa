//! What the pages of accounts, institutions and channels share: whether an entry is served, stopping and closing it, and its
//! history.

use std::time::Duration;

use maud::{Markup, html};
use yanmi_onboarding::{Action, Area};
use yanmi_protocol::UnixMillis;

use super::form::FormFields;
use super::request::{ConsoleRefusal, OperatorRequest, act_of};
use crate::registry::{Object, Switch};

/// The longest emergency stop, in hours: then it lapses, or somebody who may switches it off.
const MAX_STOP_HOURS: u64 = 4;

/// Whether an entry is served.
#[derive(Clone, Copy)]
pub(super) struct EntryState {
    pub(super) on: bool,
    pub(super) stopped_until: Option<UnixMillis>,
    pub(super) closed_at: Option<UnixMillis>,
}

impl EntryState {
    /// In words.
    pub(super) fn words(self, now: UnixMillis) -> Markup {
        html! {
            @if let Some(at) = self.closed_at { span.off { "已注销（" (at.shanghai_text()) "）" } }
            @else if let Some(until) = self.stopped_until.filter(|until| self.on && *until > now) {
                span.off { "停用至 " (until.shanghai_text()) }
            }
            @else if self.on { "启用" }
            @else { span.off { "停用" } }
        }
    }
}

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
                    label { "再输一遍编码 " span.soft { "注销之后不能恢复" } input name="again" required autocomplete="off"; }
                    (page.act_fields())
                    button.danger { "注销" }
                }
            }
        }
    }
}

/// Does what one of those forms asks for; nothing when it is another's.
pub(super) async fn switch(
    page: &OperatorRequest<'_>,
    form: &FormFields,
    object: Object,
    place: Area,
) -> Result<bool, ConsoleRefusal> {
    let switch = match form.text("do") {
        "stop" => {
            page.may(Action::StopEntry, place)?;
            let hours = form.text("hours").parse().ok().filter(|hours| (1..=MAX_STOP_HOURS).contains(hours));
            let hours =
                hours.ok_or_else(|| ConsoleRefusal::Refused(format!("小时应为 1 至 {MAX_STOP_HOURS}")))?;
            Some(Switch::OffUntil(page.now.plus(Duration::from_hours(hours))))
        }
        "on" | "off" => {
            page.may(Action::SwitchEntry, place)?;
            Some(if form.text("do") == "on" { Switch::On } else { Switch::Off })
        }
        "close" => {
            page.may(Action::CloseEntry, place)?;
            if form.text("again") != object.code() {
                return Err(ConsoleRefusal::Refused("再输的编码不一样，没有注销".to_owned()));
            }
            None
        }
        _ => return Ok(false),
    };
    let actor = page.actor()?;
    let act = act_of(&actor, form, page.now)?;
    let console = &page.site.console;
    match switch {
        Some(switch) => console.work(async |a| a.switch(object, switch, act).await).await?,
        None => console.work(async |a| a.close_entry(object, act).await).await?,
    }
    Ok(true)
}
