//! Whether a serial number (`resBizNo`) can belong to the answer it came in.
//!
//! Nothing in an envelope without a mac ties an answer to its request: the key is the same for every call, so whoever can put
//! himself between institution and center could play back an answer that was recorded before. What can be held
//! against it: a notice's serial carries the time it was made, is never given out twice, and comes back in the status
//! query. The time is checked here; that it is new, by [`crate::Visits`]; that it comes back, by the [`crate::gate`].

use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// How far the time in a fresh serial may be from ours: the center's default window for timestamps, and five minutes
/// more for the way and for clocks that are off within it.
const WINDOW: Duration = Duration::from_mins(15);
/// Asia/Shanghai.
const OFFSET: jiff::tz::Offset = jiff::tz::Offset::constant(8);

/// Whether a serial that was made just now can look like this. One that is not of the sample's shape (a number and
/// `yyyyMMddHHmmss`, 27 digits) tells nothing and is taken.
pub(crate) fn is_fresh(serial: &str, now: UnixMillis) -> bool {
    made_at(serial).is_none_or(|at| at.distance(now) <= WINDOW)
}

/// The time in a serial of 27 digits.
pub(crate) fn made_at(serial: &str) -> Option<UnixMillis> {
    if serial.len() != 27 || !serial.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| serial.get(13 + from..13 + to)?.parse::<i16>().ok();
    let small = |from: usize| part(from, from + 2).and_then(|n| i8::try_from(n).ok());
    let (year, month, day) = (part(0, 4)?, small(4)?, small(6)?);
    let civil = jiff::civil::DateTime::new(year, month, day, small(8)?, small(10)?, small(12)?, 0).ok()?;
    Some(UnixMillis::new(OFFSET.to_timestamp(civil).ok()?.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_a_serial_counts_when_it_has_one() {
        let serial = "161665488196720210609155618";
        let at = made_at(serial).expect("a time");
        assert_eq!(at.shanghai_text(), "2021-06-09 15:56:18");
        assert!(is_fresh(serial, at.plus(WINDOW)));
        assert!(!is_fresh(serial, at.plus(WINDOW + Duration::from_millis(1))));
        assert!(!is_fresh(serial, at.minus(Duration::from_hours(1))));
        for shapeless in ["1", "161665488196720211399155618", "甲乙"] {
            assert!(is_fresh(shapeless, at), "{shapeless}");
        }
    }
}
