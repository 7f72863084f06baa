//! Attempts at what is out of somebody's reach: of each session some are written down one by one, the rest is summed, so that nobody
//! fills the record of what was done.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// Attempts of one session that are written down one by one: who errs does so a few times, and of who searches twenty show what
/// he searches.
pub(crate) const ONE_BY_ONE: u64 = 20;
/// How long the rest is summed before the sum is written down.
const SUMMED_FOR: Duration = Duration::from_mins(10);
/// No session is longer.
const LONGEST: Duration = Duration::from_hours(8);

/// Who has tried, by login and the beginning of his session.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<(String, UnixMillis), AttemptCount>>);

#[derive(Debug, Default)]
struct AttemptCount {
    written: u64,
    /// What is not written down, and since when there is some.
    summed: u64,
    since: Option<UnixMillis>,
}

/// Attempts that were not written down one by one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct AttemptSum {
    pub(crate) login: String,
    session: UnixMillis,
    pub(crate) count: u64,
}

impl Attempts {
    /// Counts one; whether it is written down by itself.
    pub(crate) fn admit(&self, login: &str, session: UnixMillis, now: UnixMillis) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry((login.to_owned(), session)).or_default();
        if count.written < ONE_BY_ONE {
            count.written += 1;
            return true;
        }
        count.summed += 1;
        count.since.get_or_insert(now);
        false
    }

    /// The sums that are to be written down now, which are forgotten with that; and sessions that are over with them.
    pub(crate) fn due(&self, now: UnixMillis) -> Vec<AttemptSum> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        // In any order: they are sorted when all are listed.
        for ((login, session), count) in all.iter_mut() {
            if count.since.is_some_and(|since| now >= since.plus(SUMMED_FOR)) {
                due.push(AttemptSum { login: login.clone(), session: *session, count: count.summed });
                (count.summed, count.since) = (0, None);
            }
        }
        all.retain(|(_, session), count| count.since.is_some() || now < session.plus(LONGEST));
        // They become rows, whose order is not to hang on chance.
        due.sort_unstable();
        due
    }

    /// Takes a sum back that could not be written down; it is due again later.
    pub(crate) fn take_back(&self, sum: AttemptSum, now: UnixMillis) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry((sum.login, sum.session)).or_default();
        count.written = ONE_BY_ONE;
        count.summed += sum.count;
        count.since.get_or_insert(now);
    }

    /// All sums, because nothing comes after.
    pub(crate) fn rest(&self) -> Vec<AttemptSum> {
        self.due(UnixMillis::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_some_lines_and_then_one_in_ten_minutes() {
        let attempts = Attempts::default();
        let at = |minutes: u64| UnixMillis::new(1_000_000).plus(Duration::from_mins(minutes));
        let admitted = (0..25).filter(|_| attempts.admit("a", at(0), at(1))).count();
        assert_eq!(u64::try_from(admitted).expect("few"), ONE_BY_ONE);
        assert!(attempts.admit("b", at(0), at(1)), "somebody else");
        assert!(attempts.admit("a", at(2), at(2)), "another session");
        assert_eq!(attempts.due(at(10)), []);
        let due = attempts.due(at(11));
        assert_eq!(due, [AttemptSum { login: "a".to_owned(), session: at(0), count: 5 }]);
        // What could not be written down is not lost.
        attempts.take_back(due[0].clone(), at(11));
        assert_eq!(attempts.due(at(20)), []);
        assert_eq!(attempts.due(at(21)), due);
        assert_eq!(attempts.due(at(60)), []);
        assert!(!attempts.admit("a", at(0), at(61)));
        assert_eq!(attempts.rest(), [AttemptSum { login: "a".to_owned(), session: at(0), count: 1 }]);
        assert!(attempts.0.lock().expect("a lock").is_empty());
    }

    #[test]
    fn sums_come_in_the_order_of_their_names() {
        let (attempts, at) = (Attempts::default(), UnixMillis::new(1_000_000));
        let logins: Vec<String> = (10..40).map(|number| format!("login{number}")).collect();
        for login in logins.iter().rev() {
            assert!(!(0..=ONE_BY_ONE).all(|_| attempts.admit(login, at, at)), "the last one is summed");
        }
        let due: Vec<String> = attempts.rest().into_iter().map(|sum| sum.login).collect();
        assert_eq!(due, logins);
    }
}
