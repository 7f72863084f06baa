//! Working days, of Asia/Shanghai: Monday to Friday, without the holidays that are given in.

use std::collections::BTreeSet;
use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// Holidays one calendar may have: those of thirty years.
pub const MAX_HOLIDAYS: usize = 1_000;

/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Asia/Shanghai is this far ahead of UTC.
const AHEAD: i64 = 8 * 60 * 60 * 1_000;
/// Working days are counted no further than this: what waits longer is late in any case.
const MOST: u32 = 1_000;
/// Days that are looked at for them, however many holidays there are in between.
const MOST_LOOKED_AT: i64 = 5_000;

/// The holidays, as `yyyymmdd`. Weekends need not be among them; days that are worked on a weekend are not known here, which
/// makes what is due later by a day, never earlier.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Calendar {
    holidays: BTreeSet<u32>,
}

impl Calendar {
    /// A calendar with these holidays; nothing when there are more than [`MAX_HOLIDAYS`].
    pub fn new(holidays: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut known = BTreeSet::new();
        for day in holidays {
            known.insert(day);
            if known.len() > MAX_HOLIDAYS {
                return None;
            }
        }
        Some(Self { holidays: known })
    }

    /// Whether the day of this moment is worked on.
    pub fn is_working_day(&self, at: UnixMillis) -> bool {
        // 1970-01-01 was a Thursday.
        let weekday = (day_of(at) + 3).rem_euclid(7);
        weekday < 5 && !self.holidays.contains(&at.shanghai_day())
    }

    /// The working days after the day of `from`, up to and with the day of `to`.
    pub fn working_days(&self, from: UnixMillis, to: UnixMillis) -> u32 {
        let days = day_of(from) + 1..=day_of(to).min(day_of(from) + MOST_LOOKED_AT);
        let count = days.filter(|day| self.is_working_day(noon(*day))).take(MOST as usize).count();
        u32::try_from(count).unwrap_or(MOST)
    }

    /// When the last of so many working days after the day of `from` has ended.
    pub fn due(&self, from: UnixMillis, days: u32) -> UnixMillis {
        let first = day_of(from);
        let looked_at = first + 1..=first + MOST_LOOKED_AT;
        let mut working = looked_at.filter(|day| self.is_working_day(noon(*day)));
        let last = match days {
            0 => first,
            _ => working.nth(days.min(MOST) as usize - 1).unwrap_or(first + MOST_LOOKED_AT),
        };
        UnixMillis::new((last + 1) * DAY - AHEAD)
    }
}

/// The number of a moment's day in Asia/Shanghai.
fn day_of(at: UnixMillis) -> i64 {
    (at.get() + AHEAD).div_euclid(DAY)
}

fn noon(day: i64) -> UnixMillis {
    UnixMillis::new(day * DAY - AHEAD).plus(Duration::from_hours(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: u32, month: u32, day: u32, hour: u32) -> UnixMillis {
        UnixMillis::from_shanghai([year, month, day, hour, 0, 0]).expect("a moment")
    }

    #[test]
    fn weekends_and_holidays_do_not_count() {
        let calendar = Calendar::new([20_270_101]).expect("few");
        for (day, working) in [(28, true), (29, true), (30, true), (31, true)] {
            assert_eq!(calendar.is_working_day(at(2026, 12, day, 23)), working, "{day}");
        }
        for (month, day) in [(1, 1), (1, 2), (1, 3)] {
            assert!(!calendar.is_working_day(at(2027, month, day, 0)), "{month} {day}");
        }
        assert!(calendar.is_working_day(at(2027, 1, 4, 0)));
        // From a Wednesday afternoon, over New Year, to Tuesday.
        let from = at(2026, 12, 30, 17);
        for (to, days) in [
            (at(2026, 12, 30, 23), 0),
            (at(2026, 12, 31, 0), 1),
            (at(2027, 1, 3, 12), 1),
            (at(2027, 1, 4, 8), 2),
            (at(2027, 1, 5, 8), 3),
            (at(2026, 12, 1, 0), 0),
        ] {
            assert_eq!(calendar.working_days(from, to), days, "{to}");
        }
        assert_eq!(calendar.due(from, 0), at(2026, 12, 31, 0));
        assert_eq!(calendar.due(from, 1), at(2027, 1, 1, 0));
        assert_eq!(calendar.due(from, 2), at(2027, 1, 5, 0));
        assert_eq!(calendar.due(from, 3), at(2027, 1, 6, 0));
        assert_eq!(Calendar::new(0..=1_000), None);
    }

    #[test]
    fn counting_ends() {
        let calendar = Calendar::default();
        assert_eq!(calendar.working_days(UnixMillis::new(0), UnixMillis::MAX), 1_000);
        assert_eq!(calendar.due(UnixMillis::MAX, u32::MAX), UnixMillis::MAX);
        let since = at(2026, 11, 30, 9);
        for days in 0..40 {
            let due = calendar.due(since, days);
            assert_eq!(calendar.working_days(since, due.minus(Duration::from_millis(1))), days);
        }
    }
}
