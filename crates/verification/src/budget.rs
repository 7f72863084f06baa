//! How often a person may be asked (V8): at most so many notices in any hour, over all institutions.
//!
//! Exact without keeping every time: the hour is cut into windows of five minutes, each with a count. The last
//! thirteen windows always cover the last sixty minutes and up to five more, so the budget can never be
//! exceeded in any hour; at worst a notice waits five minutes longer than it had to. Fifty-six bytes a person,
//! whatever the budget.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// The length of one window, in milliseconds.
pub const WINDOW_MILLIS: i64 = 5 * 60 * 1_000;
/// Windows kept: those of an hour, and the one that is just beginning.
pub const WINDOWS: usize = WINDOWS_OF_AN_HOUR as usize + 1;

const WINDOWS_OF_AN_HOUR: u16 = 12;

const _: () =
    assert!(WINDOW_MILLIS * (WINDOWS_OF_AN_HOUR as i64) == 60 * 60 * 1_000, "an hour must be covered");

/// A person's notices of the last hour.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Budget {
    /// The newest window with a notice, counted from the epoch.
    newest: i64,
    /// Notices by window, the newest first.
    counts: [u32; WINDOWS],
}

/// The longest wait there is: an hour, and the window that had just begun.
const LONGEST_WAIT: Duration = Duration::from_mins(65);

/// Bytes of a stored budget.
pub const STORED_BYTES: usize = 8 + 4 * WINDOWS;

impl Budget {
    /// Counts one more notice.
    ///
    /// # Errors
    /// The time until there is room again, when `limit` notices went out within the last hour.
    pub fn take(mut self, now: UnixMillis, limit: u32) -> Result<Self, Duration> {
        self.turn_to(now);
        let used: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        if used >= u64::from(limit) {
            return Err(self.wait(now, used - u64::from(limit)));
        }
        self.counts[0] = self.counts[0].saturating_add(1);
        Ok(self)
    }

    /// The time until the oldest windows that hold more than `excess` notices have left the hour.
    fn wait(&self, now: UnixMillis, excess: u64) -> Duration {
        let mut freed = 0;
        for age in (0..WINDOWS).rev() {
            freed += u64::from(self.counts[age]);
            if freed > excess {
                let windows = i64::try_from(WINDOWS - age).unwrap_or(0);
                let free_at = UnixMillis::new((self.newest + windows) * WINDOW_MILLIS);
                // V15: a window of the future, because a clock was set back, counts as the one of now.
                return free_at.since(now).clamp(Duration::from_millis(1), LONGEST_WAIT);
            }
        }
        // Only a limit of zero comes here.
        Duration::from_hours(1)
    }

    /// Makes the window of `now` the newest. A clock that went back changes nothing.
    fn turn_to(&mut self, now: UnixMillis) {
        let window = now.get() / WINDOW_MILLIS;
        let steps = usize::try_from(window - self.newest).unwrap_or(0).min(WINDOWS);
        self.counts.copy_within(..WINDOWS - steps, steps);
        self.counts[..steps].fill(0);
        self.newest = self.newest.max(window);
    }

    /// The budget as it is stored.
    pub fn to_bytes(self) -> [u8; STORED_BYTES] {
        let mut out = [0; STORED_BYTES];
        out[..8].copy_from_slice(&self.newest.to_be_bytes());
        for (slot, count) in out[8..].chunks_exact_mut(4).zip(self.counts) {
            slot.copy_from_slice(&count.to_be_bytes());
        }
        out
    }

    /// The stored budget; nothing for bytes that are none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (newest, counts) = bytes.split_first_chunk::<8>()?;
        if bytes.len() != STORED_BYTES {
            return None;
        }
        let mut budget = Self { newest: i64::from_be_bytes(*newest), counts: [0; WINDOWS] };
        for (slot, bytes) in budget.counts.iter_mut().zip(counts.chunks_exact(4)) {
            *slot = u32::from_be_bytes(bytes.try_into().ok()?);
        }
        (budget.newest >= 0).then_some(budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_hour_ever_holds_more_than_the_limit(
            steps in proptest::collection::vec(0_i64..1_200_000, 1..200),
            limit in 1_u32..6,
        ) {
            let mut now = 1_700_000_000_000;
            let mut budget = Budget::default();
            let mut taken: Vec<i64> = Vec::new();
            for step in steps {
                now += step;
                match budget.take(UnixMillis::new(now), limit) {
                    Ok(next) => {
                        budget = next;
                        taken.push(now);
                    }
                    Err(wait) => {
                        // What it says to wait is enough, and never longer than an hour and a window.
                        let later = UnixMillis::new(now).plus(wait);
                        prop_assert!(budget.take(later, limit).is_ok());
                        prop_assert!(wait <= Duration::from_mins(65));
                    }
                }
                let hour = taken.iter().filter(|at| now - **at < 3_600_000).count();
                prop_assert!(hour <= limit as usize);
                prop_assert_eq!(Budget::from_bytes(&budget.to_bytes()), Some(budget));
            }
        }
    }

    #[test]
    fn after_an_hour_and_a_window_it_is_as_new() {
        let start = UnixMillis::new(1_700_000_000_000);
        let budget = Budget::default().take(start, 1).expect("the first is free");
        assert!(budget.take(start, 1).is_err());
        assert!(budget.take(start.plus(Duration::from_mins(59)), 1).is_err());
        assert!(budget.take(start.plus(Duration::from_mins(65)), 1).is_ok());
        assert!(budget.take(UnixMillis::new(0), 1).is_err(), "a clock that goes back frees nothing");
        assert!(Budget::default().take(start, 0).is_err());
    }

    #[test]
    fn only_stored_budgets_are_read() {
        assert_eq!(Budget::from_bytes(&[]), None);
        assert_eq!(Budget::from_bytes(&[0; STORED_BYTES + 1]), None);
        assert_eq!(Budget::from_bytes(&[0xFF; STORED_BYTES]), None);
    }
}
