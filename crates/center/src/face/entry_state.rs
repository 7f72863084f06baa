//! Whether an entry of the registry is served, as people read it.

use maud::{Markup, html};
use yanmi_protocol::UnixMillis;

/// Whether an entry is served.
#[derive(Clone, Copy)]
pub(crate) struct EntryState {
    pub(crate) on: bool,
    pub(crate) stopped_until: Option<UnixMillis>,
    pub(crate) closed_at: Option<UnixMillis>,
}

impl EntryState {
    /// Whether it is served at `now`.
    pub(crate) fn is_served(self, now: UnixMillis) -> bool {
        self.on && self.closed_at.is_none() && self.stopped_until.is_none_or(|until| until <= now)
    }

    /// In words.
    pub(crate) fn words(self, now: UnixMillis) -> Markup {
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
