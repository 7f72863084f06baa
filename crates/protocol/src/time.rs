//! Times as the specification writes them.
//!
//! On the wire a time is a 13-digit number: milliseconds since 1970-01-01T00:00:00Z. Inside yanmi it is the
//! same number. Local time exists only in serial numbers and in what people read, and is always
//! Asia/Shanghai, which has kept UTC+8 without daylight saving since 1991.

use std::fmt;
use std::time::Duration;

use jiff::tz::Offset;

/// The offset of Asia/Shanghai from UTC for every moment this system can meet.
const SHANGHAI: Offset = Offset::constant(8);

/// A moment: milliseconds since the Unix epoch, UTC.
///
/// Always within `0..=`[`UnixMillis::MAX`], so it fits the 13 digits of the specification once it is past
/// 2001-09-09, and can be written as a civil date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnixMillis(i64);

impl UnixMillis {
    /// The last moment of thirteen digits, in the year 2286.
    pub const MAX: Self = Self(9_999_999_999_999);

    /// The moment `millis` milliseconds after the epoch; values outside the range are brought to its ends.
    pub const fn new(millis: i64) -> Self {
        if millis < 0 {
            Self(0)
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the epoch.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The moment `span` later; never past [`UnixMillis::MAX`].
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::new(self.0.saturating_add(millis))
    }

    /// The moment `span` earlier; never before the epoch.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::new(self.0.saturating_sub(millis))
    }

    /// How long it is from `earlier` to this moment; zero when `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// How far this moment and `other` lie apart, whichever is first.
    pub const fn distance(self, other: Self) -> Duration {
        Duration::from_millis(self.0.abs_diff(other.0))
    }

    /// `yyyyMMddHHmmss` in Asia/Shanghai: the tail of a serial number (section 1.3.1.2, item 8).
    pub fn shanghai_digits(self) -> [u8; 14] {
        let at = self.civil();
        let mut out = [b'0'; 14];
        put_digits(&mut out[0..4], u32::try_from(at.year()).unwrap_or(0));
        let pairs = [at.month(), at.day(), at.hour(), at.minute(), at.second()];
        for (slot, value) in out[4..].chunks_exact_mut(2).zip(pairs) {
            put_digits(slot, u32::from(value.unsigned_abs()));
        }
        out
    }

    /// The day in Asia/Shanghai for people: `2026-11-30`.
    pub fn shanghai_date(self) -> String {
        let at = self.civil();
        format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day())
    }

    /// `yyyy-MM-dd HH:mm:ss` in Asia/Shanghai, for people.
    pub fn shanghai_text(self) -> String {
        let at = self.civil();
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }

    /// The day in Asia/Shanghai as `yyyyMMdd`, for limits that count by the day.
    pub fn shanghai_day(self) -> u32 {
        let at = self.civil();
        let year = u32::from(at.year().unsigned_abs());
        year * 10_000 + u32::from(at.month().unsigned_abs()) * 100 + u32::from(at.day().unsigned_abs())
    }

    /// The moment of a date and a time of day in Asia/Shanghai: year, month, day, hour, minute, second; nothing when
    /// there is none such, or it is before 1970.
    pub fn from_shanghai(parts: [u32; 6]) -> Option<Self> {
        let millis = shanghai_millis(parts)?;
        (0..=Self::MAX.0).contains(&millis).then_some(Self(millis))
    }

    fn civil(self) -> jiff::civil::DateTime {
        // The range of the type lies within jiff's, so the fallback is never taken.
        let stamp = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        SHANGHAI.to_datetime(stamp)
    }
}

/// Whether there is such a day: year, month, day of the month.
pub fn is_day(year: u32, month: u32, day: u32) -> bool {
    civil_day(year, month, day).is_some()
}

fn civil_day(year: u32, month: u32, day: u32) -> Option<jiff::civil::Date> {
    let small = |value: u32| i8::try_from(value).ok();
    jiff::civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()
}

/// Milliseconds of a date and a time of day in Asia/Shanghai, from the epoch or to it; nothing when there is none such.
pub(crate) fn shanghai_millis([year, month, day, hour, minute, second]: [u32; 6]) -> Option<i64> {
    let small = |value: u32| i8::try_from(value).ok();
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    let civil = civil_day(year, month, day)?.to_datetime(time);
    Some(SHANGHAI.to_timestamp(civil).ok()?.as_millisecond())
}

/// The 13 digits of the wire.
impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}", self.0)
    }
}

/// Writes `value` right-aligned into `slot`, filling with zeros.
pub(crate) fn put_digits(slot: &mut [u8], mut value: u32) {
    for digit in slot.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_sample_answer_was_stamped_265_seconds_after_its_request() {
        // 1623225113340 is the sample's timestamp, 20210609155618 the tail of the sample's resBizNo.
        let answered = UnixMillis::new(1_623_225_113_340).plus(Duration::from_secs(265));
        assert_eq!(answered.shanghai_digits(), *b"20210609155618");
        assert_eq!(answered.shanghai_text(), "2021-06-09 15:56:18");
        assert_eq!(answered.shanghai_day(), 20_210_609);
    }

    #[test]
    fn arithmetic_stays_in_range() {
        assert_eq!(UnixMillis::MAX.plus(Duration::MAX), UnixMillis::MAX);
        assert_eq!(UnixMillis::new(5).minus(Duration::from_secs(1)), UnixMillis::new(0));
        assert_eq!(UnixMillis::new(5).since(UnixMillis::new(9)), Duration::ZERO);
        assert_eq!(UnixMillis::new(5).distance(UnixMillis::new(9)), Duration::from_millis(4));
        assert_eq!(UnixMillis::new(i64::MIN).get(), 0);
        assert_eq!(UnixMillis::MAX.to_string(), "9999999999999");
    }

    #[test]
    fn a_date_and_a_time_of_day_are_a_moment() {
        let at = UnixMillis::from_shanghai([2021, 6, 9, 15, 56, 18]).expect("a moment");
        assert_eq!(at.shanghai_text(), "2021-06-09 15:56:18");
        for none in
            [[2021, 2, 29, 0, 0, 0], [2021, 13, 1, 0, 0, 0], [2021, 1, 1, 24, 0, 0], [1969, 1, 1, 0, 0, 0]]
        {
            assert_eq!(UnixMillis::from_shanghai(none), None, "{none:?}");
        }
    }
}
