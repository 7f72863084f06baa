//! How far a world is, on the error channel, when somebody sits there.

use std::io::{IsTerminal, Write, stderr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Steps of the bar.
const STEPS: u64 = 40;
/// Back to the beginning of the line, of which nothing is left.
const CLEAR: &str = "\r\x1b[K";

/// A bar that grows.
pub(crate) struct Bar {
    length: Duration,
    shown: AtomicU64,
    watched: bool,
}

impl Bar {
    pub(crate) fn new(length: Duration) -> Self {
        Self { length, shown: AtomicU64::new(0), watched: stderr().is_terminal() }
    }

    /// So much time has passed.
    pub(crate) fn show(&self, passed: Duration) {
        let share = passed.as_secs_f64() / self.length.as_secs_f64().max(1.0);
        let step = (0..STEPS)
            .take_while(|step| share * 40.0 > f64::from(u8::try_from(*step).unwrap_or(0)))
            .count() as u64;
        if self.watched && self.shown.swap(step, Ordering::Relaxed) != step {
            let done = "=".repeat(usize::try_from(step).unwrap_or(0));
            // Whoever does not see it misses nothing.
            let _ = write!(stderr(), "\r[{done:40}] {} min", passed.as_secs() / 60);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.watched {
            let _ = write!(stderr(), "{CLEAR}");
        }
    }
}

/// A line that is replaced by the next.
pub(crate) struct StatusLine {
    watched: bool,
}

impl StatusLine {
    pub(crate) fn new() -> Self {
        Self { watched: stderr().is_terminal() }
    }

    pub(crate) fn show(&self, text: &str) {
        if self.watched {
            let _ = write!(stderr(), "{CLEAR}{text}");
        }
    }

    pub(crate) fn clear(&self) {
        self.show("");
    }
}
