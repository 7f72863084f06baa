//! A password was checked.

use yanmi_verification::password_try::Verdict;
use yanmi_verification::{Event, IdentityKey, PasswordTries};

use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};
use crate::ledger::table::audit::Audited;

/// A password was checked.
#[derive(Debug)]
pub(crate) struct EndTry {
    pub(crate) identity: IdentityKey,
    pub(crate) verdict: Verdict,
}

impl Command for EndTry {
    /// The tries as they are now.
    type Answer = PasswordTries;

    fn needs(&self) -> Needs<'_> {
        Needs { identity: Some(self.identity), ..Needs::default() }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> PasswordTries {
        let tries = work.tries(self.identity).end(self.verdict);
        if self.verdict == Verdict::Wrong {
            let event = if tries.is_locked(with.now) { Event::PasswordLocked } else { Event::WrongPassword };
            work.audit_entry(&Audited {
                person: Some(&self.identity.0),
                detail: Some("identity"),
                ..Audited::new(with.now, event)
            });
        }
        work.keep_tries(self.identity, tries);
        tries
    }
}
