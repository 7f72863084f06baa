//! A space's clock: the real time, and what its owner let pass beyond it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use yanmi_center::ports::Clock;

/// The most a space can be ahead: a year and a day. Its owner begins anew then.
pub(crate) const MOST_AHEAD: Duration = Duration::from_hours(366 * 24);

/// Goes only forward: what a center has written down never lies in its future.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpaceClock(Arc<AtomicU64>);

impl SpaceClock {
    /// One that is ahead by so many milliseconds.
    pub(crate) fn ahead_by(millis: u64) -> Self {
        Self(Arc::new(AtomicU64::new(millis)))
    }

    /// By how many milliseconds it is ahead.
    pub(crate) fn ahead_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// By how much it is ahead.
    pub(crate) fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_ms())
    }

    /// Lets time pass; whether it may.
    pub(crate) fn pass(&self, span: Duration) -> bool {
        let Some(ahead) = self.ahead().checked_add(span).filter(|ahead| *ahead <= MOST_AHEAD) else {
            return false;
        };
        self.0.store(u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        true
    }

    /// Is the real time again, for a space whose center is gone with all it had written down.
    pub(crate) fn begin_anew(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// What a center in the space is handed.
    pub(crate) fn on(&self, real: &Clock) -> Clock {
        let (ahead, real) = (self.clone(), real.clone());
        Clock::new(move || real.now().plus(ahead.ahead()))
    }
}
