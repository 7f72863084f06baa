//! Why somebody wants to see a person in full: a reason from a list, more in his own words, and the code once more.

use maud::{Markup, html};

use super::request::{ConsoleRefusal, OperatorRequest};
use crate::face::form::FormFields;

/// The reasons.
const REASONS: [&str; 5] = ["来电核实本人", "机构投诉核查", "安全事件排查", "配合司法或审计", "其他"];
/// Characters in which he says more, at least.
const FEWEST: usize = 5;
/// The same at most: with the reason it fits into an event.
const MOST: usize = 150;

/// The fields of a form that asks for it, with its button.
pub(super) fn fields() -> Markup {
    html! {
        label { "理由" select name="reason" { @for reason in REASONS { option { (reason) } } } }
        label { "说明 " span.soft { "至少 " (FEWEST) " 个字，记入操作记录" }
            input name="more" required minlength=(FEWEST) maxlength=(MOST); }
        label { "验证码 " span.soft { "手机上最新的 6 位" }
            input name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="6"; }
        button { "查看 15 分钟" }
    }
}

/// The reason that was given, by who has just shown the code.
pub(super) async fn reason(page: &OperatorRequest<'_>, form: &FormFields) -> Result<String, ConsoleRefusal> {
    let (reason, more) = (form.text("reason"), form.text("more"));
    if !REASONS.contains(&reason) || !(FEWEST..=MOST).contains(&more.chars().count()) {
        return Err(ConsoleRefusal::Refused(format!("请选理由，并说明 {FEWEST} 至 {MOST} 个字")));
    }
    // However lately the code was shown: it is asked for each person.
    page.strengthen(form.text("code")).await?;
    Ok(format!("{reason}：{more}"))
}
