//! Looking for a code of which nothing is known any more but about when somebody was at the counter.
//!
//! Who calls remembers the hour, or thinks so. So that hour is read first, then the hour before and the one behind, and
//! so on outwards, until something is found or some seconds are over; then whoever asked may go on from there. What is
//! found somewhere in an hour tells when the visit was, and that is read as if it had been known.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use super::Between;

/// What is read at once.
const HOUR: Duration = Duration::from_hours(1);

/// In which time something happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// In this, and nothing outside is told.
    Between(Between),
    /// About then.
    Around(Outwards),
}

impl When {
    /// The span that was told, where one was.
    pub(super) const fn between(self) -> Option<Between> {
        match self {
            Self::Between(between) => Some(between),
            Self::Around(_) => None,
        }
    }

    /// What is read where there is nothing to search for: of a moment, the hour around it.
    pub(super) fn span(self) -> Between {
        match self {
            Self::Between(between) => between,
            Self::Around(outwards) => Outwards { done: 0, ..outwards }.hour(),
        }
    }
}

/// A search outwards from a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outwards {
    /// About when it was.
    pub moment: UnixMillis,
    /// Hours that were searched already, in the order they are searched in.
    pub done: u32,
}

impl Outwards {
    /// From its beginning.
    pub const fn from(moment: UnixMillis) -> Self {
        Self { moment, done: 0 }
    }

    /// The next hour: the one around the moment, then in turn the one before all that were searched, and the one behind.
    pub(super) fn hour(self) -> Between {
        let begin = self.moment.minus(HOUR / 2);
        let away = HOUR * self.done.div_ceil(2);
        let from = if self.done % 2 == 1 { begin.minus(away) } else { begin.plus(away) };
        Between { from, to: from.plus(HOUR) }
    }

    /// All that was searched.
    pub(super) fn searched(self) -> Option<Between> {
        let last = Self { done: self.done.checked_sub(1)?, ..self }.hour();
        let before = self.done.checked_sub(2).map_or(last, |done| Self { done, ..self }.hour());
        Some(Between { from: last.from.min(before.from), to: last.to.max(before.to) })
    }
}

/// How far a search went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SearchProgress {
    /// What of the time was searched, this time and before.
    pub searched: Option<Between>,
    /// Where to go on, when it was not found and there is more.
    pub next: Option<Outwards>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_lie_side_by_side_and_grow_outwards() {
        let moment = UnixMillis::new(1_763_881_224_000);
        let mut outwards = Outwards::from(moment);
        assert_eq!(outwards.searched(), None);
        let mut all = outwards.hour();
        assert_eq!((all.from, all.to), (moment.minus(HOUR / 2), moment.plus(HOUR / 2)));
        for done in 1..=400 {
            outwards.done = done;
            assert_eq!(outwards.searched(), Some(all), "{done}");
            let hour = outwards.hour();
            assert_eq!(hour.to, hour.from.plus(HOUR));
            if done % 2 == 1 {
                assert_eq!(hour.to, all.from, "{done}");
                all.from = hour.from;
            } else {
                assert_eq!(hour.from, all.to, "{done}");
                all.to = hour.to;
            }
        }
    }

    #[test]
    fn an_institution_is_read_for_the_hour_around_a_moment() {
        let moment = UnixMillis::new(1_763_881_224_000);
        let around = When::Around(Outwards { moment, done: 7 }).span();
        assert_eq!(around, Outwards::from(moment).hour());
        assert_eq!(When::Between(around).span(), around);
    }
}
