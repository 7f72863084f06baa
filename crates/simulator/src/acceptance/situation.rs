//! A situation: what is done at the counter, what the center answers, and what may come of it.
//!
//! The script of a situation is a pure function of what went before in it ([`Moment`]), so a situation may be played
//! again, in any order and beside others, and a retry is answered like the call it repeats.

use std::time::Duration;

use yanmi_protocol::{Amount, Code, UnixMillis};

use super::event::{Op, Role};
use super::rule::Rule;
use super::situations;

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

/// An answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Play {
    /// Code 0, `notcFlag` "1".
    Notified,
    /// Code 0, `notcFlag` "0".
    NotNotified,
    /// Code 0, `checkStas` "1".
    Confirmed,
    /// Code 0, `checkStas` "0".
    Unconfirmed,
    /// 500320.
    PasswordFree,
    /// Another code.
    Refused(Code),
    /// -6 or 500084: asks to wait so many seconds.
    Limited(Code, u64),
    /// -2: the clock is off by more than the window; says what time it is.
    ClockOff,
    /// What was asked for, but only after a few seconds.
    Late,
    /// What was asked for, with members nobody knows.
    Extra,
    /// A refusal that carries a sealed success all the same.
    Contradiction,
    /// `checkStas` "1" from yesterday, played back.
    Replayed,
    /// `checkStas` "1" of another notice of today.
    Foreign,
    /// Sealed with another key.
    WrongKey,
    /// `checkStas` (or `notcFlag`) twice, with both values.
    Twice,
    /// The connection ends in the middle of the body.
    Truncated,
    /// An error page of a proxy, with the status 200.
    Html,
    /// HTTP 503.
    Unavailable,
    /// The connection is reset.
    Reset,
    /// No answer at all.
    Hang,
}

impl Play {
    /// Whether the institution gets a success it is to believe.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Notified | Self::Confirmed | Self::Late | Self::Extra)
    }
}

impl Situation {
    /// Every situation, in the order in which they are best played: the one that moves clocks comes last.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        situations::TABLES.iter().flat_map(|table| table.iter())
    }

    /// The one of this name.
    pub fn named(id: &str) -> Option<usize> {
        Self::all().position(|situation| situation.id == id)
    }

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

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_table_is_whole() {
        let all: Vec<_> = Situation::all().collect();
        assert!(all.len() >= 25, "{}", all.len());
        let ids: std::collections::BTreeSet<_> = all.iter().map(|situation| situation.id).collect();
        assert_eq!(ids.len(), all.len());
        for situation in &all {
            assert!(!situation.steps.is_empty(), "{}", situation.id);
            assert!(situation.first_amount().is_some() && situation.final_amount().is_some());
            assert_eq!(Situation::named(situation.id).map(|at| all[at].id), Some(situation.id));
        }
        assert_eq!(all.last().map(|situation| situation.id), Some("clock-drift"));
    }

    fn tables() -> String {
        let mut out = "\n## 规则\n\n| 名称 | 章节 | 规则 | 判定 |\n|---|---|---|---|\n".to_owned();
        for rule in Rule::ALL {
            let (id, section, title, kind) = (rule.id(), rule.section(), rule.title(), rule.kind().name());
            let _ = writeln!(out, "| `{id}` | {section} | {title} | {kind} |");
        }
        out.push_str("\n## 情形\n\n| | 名称 | 情形 | 章节 | 没有依据而结算 | 有依据而不结算 | 可自动转线下 |\n|---|---|---|---|---|---|---|\n");
        for (at, situation) in Situation::all().enumerate() {
            let duty = situation.duty.map_or_else(|| "—".to_owned(), |duty| format!("`{}`", duty.id()));
            let (id, title, section, blame) =
                (situation.id, situation.title, situation.section, situation.blame.id());
            let offline = if situation.offline { "是" } else { "否" };
            let number = at + 1;
            let _ =
                writeln!(out, "| {number} | `{id}` | {title} | {section} | `{blame}` | {duty} | {offline} |");
        }
        out
    }

    /// The reference's tables are these; with `UPDATE_REFERENCE=1` they are written anew.
    #[test]
    fn the_page_of_the_acceptance_is_a_reference() {
        const BEGIN: &str = "<!-- 以下表格由测试生成 -->\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/acceptance.md");
        let page = std::fs::read_to_string(&path).expect("the page");
        let (head, found) = page.split_once(BEGIN).expect("the mark");
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(&path, format!("{head}{BEGIN}{}", tables())).expect("written");
        } else {
            assert!(found == tables(), "docs/reference/acceptance.md is out of date: cargo xtask references");
        }
    }
}
