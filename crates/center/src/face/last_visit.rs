//! What a person reads of the time before this login.

use maud::{Markup, html};

use crate::registry::LastVisit;

/// The login before this one, as a row of a list of terms.
pub(crate) fn row(visit: &LastVisit) -> Markup {
    html! {
        dt { "上次登录" }
        dd { @match &visit.login {
            Some(login) => { (login.at.shanghai_text()) "，" (login.how) }
            None => "这是第一次",
        } }
    }
}

/// That somebody tried to log in as this person, and what to do about it; nothing when nobody did.
pub(crate) fn warning(visit: &LastVisit, whom: &str) -> Markup {
    html! {
        @if let Some(failure) = &visit.failure {
            p.said.bad role="alert" {
                "上次登录之后，有人用您的登录名登录失败 " (visit.failures) " 次，最近一次 " (failure.at.shanghai_text()) "，" (failure.how)
                "。不是您本人，请更改密码并告诉" (whom) "。"
            }
        }
    }
}
