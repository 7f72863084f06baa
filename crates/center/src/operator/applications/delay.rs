//! Whether an application waits for long at its desk.

use maud::{Markup, html};
use yanmi_onboarding::application::{Application, Delay};

use crate::operator::request::OperatorRequest;

/// Whether it waits for long, in words, not by color alone.
pub(super) fn delay(page: &OperatorRequest<'_>, application: &Application) -> Markup {
    html! {
        @match application.delay(&page.site.console.calendar, page.now) {
            Some(Delay::Red) => { " " span.off { "已超期" } }
            Some(Delay::Yellow) => { " " span.off { "将到期" } }
            Some(Delay::OnTime) | None => {}
        }
    }
}
