//! What time it is, as something that is handed in.
//!
//! Rules take `now` as an argument. Whoever calls them (a listener, a delivery) holds a [`Clock`], which the
//! composition root made: the system's, or one a test turns by hand.

use std::fmt;
use std::sync::Arc;

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
    fn the_machines_clock_is_past_the_year_of_the_specification() {
        assert!(Clock::system().now() > UnixMillis::new(1_609_459_200_000));
    }
}
