//! What a check found: what is as it should be is printed at once, what is wrong is collected with who does what about it.

use std::fmt::Display;

use yanmi_protocol::UnixMillis;

use crate::failure::Failure;

/// How long before an end it is said.
pub(super) const SOON_DAYS: u64 = 30;

/// Whether a moment to come is near.
pub(super) fn is_soon(until: UnixMillis, now: UnixMillis) -> bool {
    until.since(now).as_secs() < SOON_DAYS * 24 * 60 * 60
}

/// Who has to do something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    Institution,
    Center,
}

impl Who {
    const fn name(self) -> &'static str {
        match self {
            Self::Institution => "机构信息系统",
            Self::Center => "地方电子凭证中心",
        }
    }
}

/// Something is as it should be.
pub(super) fn right(what: &str, found: impl Display) {
    println!("{what}  {found}");
}

/// Something could not be looked at, or will be wrong soon.
pub(super) fn note(text: impl Display) {
    eprintln!("注意：{text}");
}

/// What is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    wrong: usize,
}

impl Findings {
    /// Something is wrong, and somebody has to do something.
    pub(super) fn wrong(&mut self, what: &str, found: impl Display, who: Who, does: impl Display) {
        self.wrong_of(what, found, who.name(), does);
    }

    /// The same, where a code of the protocol says who.
    pub(super) fn wrong_of(&mut self, what: &str, found: impl Display, who: &str, does: impl Display) {
        self.wrong += 1;
        eprintln!("问题 {}：{what}：{found}。（{who}）{does}", self.wrong);
    }

    pub(super) fn are_well(&self) -> bool {
        self.wrong == 0
    }

    /// The last line.
    pub(super) fn conclude(&self) -> Result<(), Failure> {
        if self.are_well() {
            println!("可以联调");
            return Ok(());
        }
        Err(Failure::new(format!("还不能联调：上面 {} 个问题须先处理", self.wrong)))
    }
}
