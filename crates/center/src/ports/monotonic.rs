//! The time that only ever goes on, for limiters.

use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, RateLimiter};
use tokio::time::Instant;

/// The runtime's clock as limiters read it, beginning when it is made.
#[derive(Clone, Debug)]
pub(crate) struct Monotonic(Instant);

impl Default for Monotonic {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl governor::clock::Clock for Monotonic {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        // Half a thousand years of nanoseconds fit.
        Nanos::from(self.0.elapsed())
    }
}

/// A limiter by this time.
pub(crate) type DirectLimiter = RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Nanos>>;
/// The same for each key.
pub(crate) type KeyedLimiter<K> = RateLimiter<K, HashMapStateStore<K>, Monotonic, NoOpMiddleware<Nanos>>;

impl Monotonic {
    /// How long to wait until a limiter has room again.
    pub(crate) fn until(&self, earliest: &NotUntil<Nanos>) -> Duration {
        earliest.wait_time_from(governor::clock::Clock::now(self))
    }
}
