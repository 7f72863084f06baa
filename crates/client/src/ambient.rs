//! Time, waiting and chance, handed in: the machine's, or a test's.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use yanmi_protocol::UnixMillis;

/// What the client needs from the world beside the network.
pub trait Ambient: fmt::Debug + Send + Sync {
    /// The wall clock: stamps envelopes and records.
    fn now(&self) -> UnixMillis;
    /// Time since some fixed moment, which no correction of the wall clock changes: measures deadlines.
    fn elapsed(&self) -> Duration;
    /// Lets this span go by.
    fn pause(&self, span: Duration);
    /// Fills the slice with unpredictable bytes: nonces and the names of visits.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine this runs on.
#[derive(Debug)]
pub struct Machine {
    start: Instant,
}

impl Machine {
    /// The machine, its time counted from here.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Ambient for Machine {
    /// A machine set to before 1970 is at the epoch.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is handed")]
    fn now(&self) -> UnixMillis {
        UnixMillis::new(0).plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn pause(&self, span: Duration) {
        std::thread::sleep(span);
    }

    #[expect(clippy::disallowed_methods, reason = "this is the source that everything else is handed")]
    #[expect(clippy::expect_used, reason = "without chance nothing can be sealed; going on would be worse")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system has no random numbers");
    }
}
