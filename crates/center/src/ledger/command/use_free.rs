//! A status query found that no password is needed.

use yanmi_verification::Refusal;
use yanmi_verification::status::{self, Status};

use crate::ledger::key::Key;
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};

/// A status query found that no password is needed; it is judged again where it is counted.
#[derive(Debug)]
pub(crate) struct UseFree {
    pub(crate) key: Key,
}

impl Command for UseFree {
    /// Whether no password is needed, still; or the rule that says no.
    type Answer = Result<bool, Refusal>;

    fn needs(&self) -> Needs<'_> {
        Needs::of_key(self.key)
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> Result<bool, Refusal> {
        let facts = work.facts(&self.key, with);
        let credential = facts.credential.copied();
        match (status::status(&facts, with.now, with.policy)?, credential) {
            (Status::Free(step), Some(credential)) => {
                work.free_used(&self.key, &credential, step, with);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
