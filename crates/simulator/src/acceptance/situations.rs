//! The situations, a table for each kind of trouble.

mod answers;
mod network;
mod person;
mod refusals;
mod visit;

use super::event::Op;
use super::rule::Rule;
use super::situation::{Moment, Play, Situation, VALID};

/// The tables, in the order they are played.
pub(super) const TABLES: [&[Situation]; 6] =
    [&person::TABLE, &visit::TABLE, &refusals::TABLE, &network::TABLE, &answers::TABLE, &refusals::LAST];

pub(super) use refusals::{SHIFT, WINDOW};

/// What every situation begins with: the person confirms, and 128.50 yuan are settled.
const ORDINARY: Situation = Situation {
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
fn confirmed(moment: &Moment) -> Play {
    let asked = moment.last_notice.is_some_and(|(play, _)| play.is_success());
    if asked { Play::Confirmed } else { Play::Unconfirmed }
}

fn unconfirmed(_: &Moment) -> Play {
    Play::Unconfirmed
}
