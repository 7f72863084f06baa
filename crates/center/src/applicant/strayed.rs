//! Calls of a trial account that came to this center and not to the test center: the commonest way to mix the two up.

use std::time::Duration;

use maud::{Markup, html};
use yanmi_onboarding::application::State;

use super::request::{ApplicantRefusal, ApplicantRequest};
use crate::face::denials;
use crate::history::{Between, Filter};
use crate::registry::ApplicationRow;

/// How far back they are shown.
const SINCE: Duration = Duration::from_hours(1);

/// What was refused here under the trial account of an application; nothing where nothing was.
pub(super) async fn strayed(
    page: &ApplicantRequest<'_>,
    row: &ApplicationRow,
) -> Result<Markup, ApplicantRefusal> {
    let State::Trial(trial) = row.application.state() else { return Ok(html! {}) };
    let now = page.now;
    let between = Between { from: now.minus(SINCE), to: now.plus(Duration::from_secs(1)) };
    let filter = Filter { org: Some(trial.account.as_str().to_owned()), between };
    let found = page.look(async |h| h.denied(&filter).await).await?;
    Ok(html! {
        @if !found.groups().is_empty() {
            h2 { "最近一小时以联调编码调用正式中心、被拒绝的请求" }
            p { "联调编码只在联调中心有效：请把系统的中心地址改为联调中心的。不是贵单位的来源地址，是别处冒用这个编码。" }
            (denials::counted(&found))
        }
    })
}
