//! Whether a serial number (`resBizNo`) can belong to the answer it came in.
//!
//! Nothing in an envelope without a mac ties an answer to its request: the key is the same for every call, so whoever can put
//! himself between institution and center could play back an answer that was recorded before. What can be held
//! against it: a notice's serial carries the time it was made, is never given out twice, and comes back in the status
//! query. The time is checked here; that it is new, by [`crate::Visits`]; that it comes back, by the [`crate::gate`].

use std::time::Duration;

use yanmi_protocol::{SerialNo, UnixMillis};

/// How far the time in a fresh serial may be from ours: the center's default window for timestamps, and five minutes
/// more for the way and for clocks that are off within it.
const WINDOW: Duration = Duration::from_mins(15);

/// Whether a serial that was made just now can look like this. One that is not of the sample's shape (a number and
/// `yyyyMMddHHmmss`, 27 digits) tells nothing and is taken.
pub(crate) fn is_fresh(serial: &str, now: UnixMillis) -> bool {
    SerialNo::made_at(serial).is_none_or(|at| at.distance(now) <= WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_a_serial_counts_when_it_has_one() {
        let serial = "161665488196720210609155618";
        let at = SerialNo::made_at(serial).expect("a time");
        assert_eq!(at.shanghai_text(), "2021-06-09 15:56:18");
        assert!(is_fresh(serial, at.plus(WINDOW)));
        assert!(!is_fresh(serial, at.plus(WINDOW + Duration::from_millis(1))));
        assert!(!is_fresh(serial, at.minus(Duration::from_hours(1))));
        for shapeless in ["1", "161665488196720211399155618", "甲乙"] {
            assert!(is_fresh(shapeless, at), "{shapeless}");
        }
    }
}
