//! The situation in which nothing is wrong, which the others differ from in what they are about.

use crate::event::Op;
use crate::play::Play;
use crate::rule::Rule;
use crate::situation::{Moment, Situation, VALID};

/// What every situation begins with: the person confirms, and 128.50 yuan are settled.
pub(super) const ORDINARY: Situation = Situation {
    id: "",
    title: "",
    section: "1.6.2",
    steps: SETTLE,
    fen: (12_850, 12_850),
    switches: false,
    again: false,
    dead: false,
    cert_type: "01",
    valid: VALID,
    crucial: Op::Status,
    blame: Rule::StatusAsked,
    duty: None,
    offline: false,
    notice: notified,
    status: confirmed,
};

const SETTLE: &[&str] = &["扫码，按预结算金额发起通知", "点击确认结算"];

fn notified(_: &Moment) -> Play {
    Play::Notified
}

/// Nobody can have confirmed what was never asked.
pub(super) fn confirmed(moment: &Moment) -> Play {
    let asked = moment.last_notice.is_some_and(|(play, _)| play.is_success());
    if asked { Play::Confirmed } else { Play::Unconfirmed }
}

pub(super) fn unconfirmed(_: &Moment) -> Play {
    Play::Unconfirmed
}
