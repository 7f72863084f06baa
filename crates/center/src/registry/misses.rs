//! How often an account asks about persons who do not match.
//!
//! Wrong passwords are counted by the document, which stops nobody who tries one document after the other to learn which
//! belong to which name. An answer 500057 or 500058 therefore counts for the account as well, which may have so many in an
//! hour. The count is of one process, as all rates are.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use yanmi_protocol::UnixMillis;
use yanmi_verification::Budget;

/// In any hour. Clerks who mistype names at a large hospital stay far below it.
pub(crate) const MOST_PER_HOUR: u32 = 60;

/// An account's misses of the last hour.
#[derive(Debug, Default)]
pub(crate) struct Misses(Mutex<Budget>);

impl Misses {
    /// Whether there is room for another; the time until then when there is not.
    pub(crate) fn check(&self, now: UnixMillis) -> Result<(), Duration> {
        self.lock().take(now, MOST_PER_HOUR).map(|_| ())
    }

    /// Counts one.
    pub(crate) fn count(&self, now: UnixMillis) {
        let mut budget = self.lock();
        if let Ok(next) = budget.take(now, MOST_PER_HOUR) {
            *budget = next;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Budget> {
        // A budget is replaced whole: there is no half of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
