//! What time it is, as something that is handed in.
//!
//! Rules take `now` as an argument. Whoever calls them (a listener, a delivery) holds a [`Clock`], which the
//! composition root made: the system's, or one a test turns by hand.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// A source of the current time. Clones are the same clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl Clock {
    /// The clock that answers with what `now` returns.
    pub fn new(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The clock of the machine. A machine set to before 1970 is at the epoch.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is handed")]
    pub fn system() -> Self {
        Self::new(|| {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            UnixMillis::new(0).plus(since.unwrap_or_default())
        })
    }

    /// What time it is.
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

/// A clock that is set right by slewing is off by half a millisecond a second; more than this between two looks was a step.
const STEP: Duration = Duration::from_secs(1);

/// Looks for steps of a clock, by one that only ever goes on.
///
/// Lives of notices and confirmations are counted by the machine's clock, because they outlive a process. So somebody who
/// sets it makes them longer or shorter, and whoever wonders about that later finds it in the log.
#[derive(Debug)]
pub(crate) struct Steps {
    wall: UnixMillis,
    steady: Duration,
}

/// By how much a clock was set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ClockStep {
    /// Forward.
    Ahead(Duration),
    /// Back.
    Back(Duration),
}

impl Steps {
    /// Begins with what the two clocks say now; the steady one as the time since any fixed moment.
    pub(crate) fn new(wall: UnixMillis, steady: Duration) -> Self {
        Self { wall, steady }
    }

    /// Whether the clock was set since the last look.
    pub(crate) fn look(&mut self, wall: UnixMillis, steady: Duration) -> Option<ClockStep> {
        let passed = steady.saturating_sub(self.steady);
        let expected = self.wall.plus(passed);
        *self = Self { wall, steady };
        let off = wall.distance(expected);
        if off <= STEP {
            return None;
        }
        Some(if wall > expected { ClockStep::Ahead(off) } else { ClockStep::Back(off) })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[test]
    fn a_clock_says_what_it_is_turned_to_and_its_clones_agree() {
        let hand = Arc::new(AtomicI64::new(1));
        let turned = Arc::clone(&hand);
        let clock = Clock::new(move || UnixMillis::new(turned.load(Ordering::Relaxed)));
        let twin = clock.clone();
        hand.store(1_623_225_113_340, Ordering::Relaxed);
        assert_eq!(clock.now(), UnixMillis::new(1_623_225_113_340));
        assert_eq!(twin.now(), clock.now());
    }

    #[test]
    fn a_step_is_told_once_and_slewing_is_none() {
        let second = Duration::from_secs(1);
        let begun = UnixMillis::new(1_623_225_113_340);
        let mut steps = Steps::new(begun, Duration::ZERO);
        let (mut wall, mut steady) = (begun, Duration::ZERO);
        for late in [0, 1, 400] {
            steady += second;
            wall = wall.plus(second + Duration::from_millis(late));
            assert_eq!(steps.look(wall, steady), None);
        }
        steady += second;
        wall = wall.plus(Duration::from_hours(1) + second);
        assert_eq!(steps.look(wall, steady), Some(ClockStep::Ahead(Duration::from_hours(1))));
        steady += second;
        assert_eq!(steps.look(wall.plus(second), steady), None, "once");
        let back = wall.minus(Duration::from_mins(10));
        assert_eq!(steps.look(back, steady), Some(ClockStep::Back(Duration::from_mins(10) + second)));
    }

    #[test]
    fn the_machines_clock_is_past_the_year_of_the_specification() {
        assert!(Clock::system().now() > UnixMillis::new(1_609_459_200_000));
    }
}
