//! A situation: what is done at the counter, what the center answers, and what may come of it.
//!
//! The script of a situation is a pure function of what went before in it ([`Moment`]), so a situation may be played
//! again, in any order and beside others, and a retry is answered like the call it repeats.

use std::time::Duration;

use yanmi_protocol::{Amount, UnixMillis};

use crate::event::{Op, Role};
use crate::play::Play;
use crate::rule::Rule;

/// How long a confirmation counts where nothing is said about it: the center's default.
pub const VALID: Duration = Duration::from_mins(30);
/// How long one situation may take from its first event; afterwards it counts as left.
pub const SITUATION_TIME: Duration = Duration::from_mins(10);

/// One situation.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a row of a table; any of them may come together")]
pub struct Situation {
    /// The name for programs; part of the report's contract.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// The section it is about.
    pub section: &'static str,
    /// What is done at the counter, in Chinese, one step each.
    pub steps: &'static [&'static str],
    /// Hundredths of a yuan: of the first notice, and what is settled in the end.
    pub fen: (i64, i64),
    /// Whether a second code is scanned on the way; then only that one counts.
    pub switches: bool,
    /// Whether the clerk is to send another notice after the first refusal (1.4.4(5)A).
    pub again: bool,
    /// Whether the institution is to call an address where nobody listens.
    pub dead: bool,
    /// `mdtrt_cert_type` of the settlement.
    pub cert_type: &'static str,
    /// How long a confirmation counts here.
    pub valid: Duration,
    /// The call whose answer matters.
    pub crucial: Op,
    /// The rule that settling without grounds breaks here.
    pub blame: Rule,
    /// The rule that not settling breaks once there are grounds; nothing when that is the institution's affair.
    pub duty: Option<Rule>,
    /// Whether the system may turn to an offline way by itself.
    pub offline: bool,
    /// What a notice is answered.
    pub notice: Script,
    /// What a status query is answered.
    pub status: Script,
}

/// Decides on an answer.
pub type Script = fn(&Moment) -> Play;

/// What went before in a situation, for the code the call is about.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When the call came.
    pub now: UnixMillis,
    /// Its timestamp.
    pub stamp: UnixMillis,
    /// Which code it is about.
    pub role: Role,
    /// Its amount.
    pub amount: Option<Amount>,
    /// Notices before it, whatever became of them.
    pub notices: usize,
    /// What the latest one was answered, and when.
    pub last_notice: Option<(Play, UnixMillis)>,
    /// When a status query was first answered "1".
    pub confirmed_at: Option<UnixMillis>,
}

impl Situation {
    /// The code that counts in the end.
    pub const fn final_role(&self) -> Role {
        if self.switches { Role::Second } else { Role::First }
    }

    /// The amount of the first notice.
    pub fn first_amount(&self) -> Option<Amount> {
        Amount::from_fen(self.fen.0).ok()
    }

    /// The amount that is settled.
    pub fn final_amount(&self) -> Option<Amount> {
        Amount::from_fen(self.fen.1).ok()
    }
}
