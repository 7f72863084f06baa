//! Counting wrong passwords.

use yanmi_verification::password_try::Verdict;
use yanmi_verification::{Event, IdentityKey, PasswordTries};

use super::{Circumstances, Work};
use crate::ledger::command::Outcome;
use crate::ledger::write::Audited;

impl Work {
    pub(super) fn begin_try(
        &mut self,
        identity: IdentityKey,
        expected: Option<u32>,
        with: Circumstances<'_>,
    ) -> Outcome {
        let tries = self.tries.get(&identity).copied().unwrap_or_default();
        match tries.begin(with.now, with.policy) {
            Ok(_) if expected.is_some_and(|expected| expected != tries.count) => Outcome::OtherTries,
            Ok(tries) => self.keep_tries(identity, tries),
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    pub(super) fn end_try(
        &mut self,
        identity: IdentityKey,
        verdict: Verdict,
        with: Circumstances<'_>,
    ) -> Outcome {
        let tries = self.tries.get(&identity).copied().unwrap_or_default().end(verdict);
        if verdict == Verdict::Wrong {
            let event = if tries.is_locked(with.now) { Event::PasswordLocked } else { Event::WrongPassword };
            let document = Audited {
                person: Some(&identity.0),
                detail: Some("identity"),
                ..Audited::new(with.now, event)
            };
            self.changes.audit(&document);
        }
        self.keep_tries(identity, tries)
    }

    fn keep_tries(&mut self, identity: IdentityKey, tries: PasswordTries) -> Outcome {
        self.tries.insert(identity, tries);
        self.changes.tries(identity, tries);
        Outcome::Tries(tries)
    }
}
