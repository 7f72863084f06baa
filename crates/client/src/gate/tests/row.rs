//! A row of the table: what happened, what is asked, what is expected.

use super::*;

/// What a row expects, in a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expected {
    Proven(ProofWay),
    /// 500320.
    Free,
    Exempt(Exemption),
    Refuse(Reason),
    FallBack(Reason),
}

impl Expected {
    pub(super) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Settle(Grounds::Proven(proof)) if proof.password_free => Self::Free,
            Verdict::Settle(Grounds::Proven(proof)) => Self::Proven(proof.way),
            Verdict::Settle(Grounds::NotGated(exemption)) => Self::Exempt(*exemption),
            Verdict::Refuse(advice) => Self::Refuse(advice.reason),
            Verdict::FallBack(advice) => Self::FallBack(advice.reason),
        }
    }
}

pub(super) struct Row {
    /// What happened, in Chinese.
    pub(super) what: &'static str,
    pub(super) section: &'static str,
    pub(super) visit: Visit,
    pub(super) ask: Ask,
    pub(super) rules: Rules,
    pub(super) expected: Expected,
}

pub(super) fn row(what: &'static str, section: &'static str, visit: Visit, expected: Expected) -> Row {
    Row { what, section, visit, ask: hundred(), rules: Rules::default(), expected }
}

impl Row {
    pub(super) fn asking(self, ask: Ask) -> Self {
        Self { ask, ..self }
    }

    pub(super) fn under(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }
}
