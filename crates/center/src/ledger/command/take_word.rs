//! The channel answered the notice with its word that the person pays without a password.

use yanmi_protocol::NoticeNo;
use yanmi_verification::word;

use crate::ledger::key::Key;
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};

/// The channel answered the notice with its word that the person pays without a password.
#[derive(Debug)]
pub(crate) struct TakeWord {
    pub(crate) key: Key,
    pub(crate) notice: NoticeNo,
}

impl Command for TakeWord {
    /// Whether the word counts, so that no password is needed.
    type Answer = bool;

    fn needs(&self) -> Needs<'_> {
        Needs::of_key(self.key)
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> bool {
        let facts = work.facts(&self.key, with);
        let step = word::take(&facts, self.notice, with.now, with.policy);
        let (Some(step), Some(credential)) = (step, facts.credential.copied()) else { return false };
        work.change(&self.key, step.next, None);
        work.free_used(&self.key, &credential, step.free, with);
        true
    }
}
