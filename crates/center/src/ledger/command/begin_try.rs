//! A password is about to be checked.

use yanmi_verification::{IdentityKey, Refusal};

use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};

/// A password is about to be checked.
#[derive(Debug)]
pub(crate) struct BeginTry {
    pub(crate) identity: IdentityKey,
    /// How many tries had been counted when it was asked for; with another count it is not begun.
    pub(crate) expected: Option<u32>,
}

/// Whether a try was begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TryDecision {
    /// It is counted.
    Begun,
    /// There have been other tries since.
    OtherTries,
}

impl Command for BeginTry {
    /// Whether it was begun, or the rule that says no.
    type Answer = Result<TryDecision, Refusal>;

    fn needs(&self) -> Needs<'_> {
        Needs { identity: Some(self.identity), ..Needs::default() }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> Result<TryDecision, Refusal> {
        let before = work.tries(self.identity);
        let begun = before.begin(with.now, with.policy)?;
        if self.expected.is_some_and(|expected| expected != before.count) {
            return Ok(TryDecision::OtherTries);
        }
        work.keep_tries(self.identity, begun);
        Ok(TryDecision::Begun)
    }
}
