//! Wrong passwords in a row lock the check (password check of section 3; way 01 of V12).
//!
//! A try is counted **before** the password is checked and given back when it was right, so that a hundred tries
//! at the same moment, or a crash between question and answer, win nothing.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use crate::policy::Policy;
use crate::refusal::Refusal;

/// A document's tries since the last right password.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PasswordTries {
    /// Tries begun and not known to be right.
    pub count: u32,
    /// Until when the check is locked.
    pub locked_until: Option<UnixMillis>,
}

/// What the national center said about a try.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// The password is right.
    Right,
    /// The password is wrong.
    Wrong,
    /// The question got no answer, or there is no password: nobody was wrong.
    Unknown,
}

impl PasswordTries {
    /// Begins a try.
    ///
    /// # Errors
    /// [`Refusal::PasswordLocked`] while the check is locked.
    pub fn begin(self, now: UnixMillis, policy: &Policy) -> Result<Self, Refusal> {
        let count = match self.locked_until {
            Some(until) if now < until => {
                // V15: a lock of the future, because a clock was set back, counts as one of now.
                let wait = until.since(now).min(policy.password_lock).max(Duration::from_millis(1));
                return Err(Refusal::PasswordLocked { wait });
            }
            // The lock is over: it starts anew.
            Some(_) => 1,
            None => self.count.saturating_add(1),
        };
        let locked_until = (count >= policy.password_tries).then(|| now.plus(policy.password_lock));
        Ok(Self { count, locked_until })
    }

    /// Ends a try that was begun.
    #[must_use]
    pub fn end(self, verdict: Verdict) -> Self {
        match verdict {
            Verdict::Right => Self::default(),
            Verdict::Wrong => self,
            Verdict::Unknown => Self { count: self.count.saturating_sub(1), locked_until: None },
        }
    }

    /// How many more wrong passwords there may be before the check locks.
    pub fn left(self, policy: &Policy) -> u32 {
        policy.password_tries.saturating_sub(self.count)
    }

    /// Whether the check is locked.
    pub fn is_locked(self, now: UnixMillis) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }
}
