//! Whether something that goes wrong was felt at a time.

use std::time::Duration;

use super::Oracle;
use super::trouble::FELT;
use crate::fault::Fault;

impl Oracle {
    /// Whether such a fault was in force, or still felt, at any time of a span.
    pub(crate) fn is_felt(&self, (from, to): (Duration, Duration), is: impl Fn(Fault) -> bool) -> bool {
        let mut felt =
            self.in_force.iter().filter(|it| it.begin <= to && it.end.is_none_or(|end| end + FELT >= from));
        felt.any(|it| is(it.fault))
    }

    /// Whether the center's clock was set at any time.
    pub(crate) fn clock_was_ever_set(&self) -> bool {
        self.in_force.iter().any(|it| matches!(it.fault, Fault::Clock(_)))
    }

    /// Whether the center's clock was set in a span.
    pub(super) fn clock_was_set(&self, (from, to): (Duration, Duration)) -> bool {
        let mut set = self.in_force.iter().filter(|it| matches!(it.fault, Fault::Clock(_)));
        set.any(|it| it.begin <= to && it.begin + FELT >= from)
    }
}
