//! What time it is in the world. Time passes only when everybody waits for it, and then at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use yanmi_protocol::UnixMillis;

/// When every world begins: a Friday evening ten minutes before midnight in Shanghai, so that days change early.
pub(crate) const BEGIN: UnixMillis = UnixMillis::new(1_763_740_200_000);

/// A wall clock that goes with the runtime's time, and can be set. Clones are the same clock.
#[derive(Clone, Debug)]
pub(crate) struct WallClock {
    begun: Instant,
    set_by_millis: Arc<AtomicI64>,
}

impl WallClock {
    /// One that is right at [`BEGIN`], which is now.
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now(), set_by_millis: Arc::default() }
    }

    /// Another clock that begins right, and goes with the same time.
    pub(crate) fn another(&self) -> Self {
        Self { begun: self.begun, set_by_millis: Arc::default() }
    }

    pub(crate) fn now(&self) -> UnixMillis {
        let since = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        UnixMillis::new(BEGIN.get() + since + self.set_by_millis.load(Ordering::Relaxed))
    }

    /// How long the world has been there.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Somebody sets it, by so many milliseconds.
    pub(crate) fn set_by(&self, millis: i64) {
        self.set_by_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// By how much it is off.
    pub(crate) fn off_by_millis(&self) -> i64 {
        self.set_by_millis.load(Ordering::Relaxed)
    }
}
