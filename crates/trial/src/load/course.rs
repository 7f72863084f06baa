//! A run from its first request to its last: how many there are to be, which of them count, and when it is over.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::report::Tally;

/// Connections one run may have.
pub const MAX_CONNECTIONS: usize = 4_096;
/// How long the last answers may take after the end of a run; what is still open then counts as `io`.
pub const GRACE: Duration = Duration::from_secs(10);
/// The longest a run bounded by requests may take.
pub const LONGEST_COUNTED_RUN: Duration = Duration::from_mins(10);

/// When a run ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// After a warm-up, which is not counted, and a time that is.
    Time {
        /// Not counted.
        warm_up: Duration,
        /// Counted.
        measured: Duration,
    },
    /// After a number of requests that are not counted and a number that are.
    Requests {
        /// Not counted.
        warm_up: u64,
        /// Counted.
        measured: u64,
    },
}

/// What all connections of a run share.
pub(super) struct Course {
    next: AtomicU64,
    until: Until,
    counted_from: Instant,
    ends: Instant,
    tally: Mutex<Tally>,
}

impl Course {
    pub(super) fn new(until: Until) -> io::Result<Self> {
        let now = Instant::now();
        let (warm_up, whole) = match until {
            Until::Time { warm_up, measured } => (warm_up, warm_up.saturating_add(measured)),
            Until::Requests { .. } => (Duration::ZERO, LONGEST_COUNTED_RUN),
        };
        let at = |span| now.checked_add(span).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput));
        Ok(Self {
            next: AtomicU64::new(0),
            until,
            counted_from: at(warm_up)?,
            ends: at(whole)?,
            tally: Mutex::new(Tally::new()?),
        })
    }

    /// The number of the next request; nothing when the run is over.
    pub(super) fn next(&self) -> Option<u64> {
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        let more = match self.until {
            Until::Time { .. } => Instant::now() < self.ends,
            Until::Requests { warm_up, measured } => ticket < warm_up.saturating_add(measured),
        };
        more.then_some(ticket)
    }

    pub(super) fn counts(&self, ticket: u64, started: Instant, ended: Instant) -> bool {
        match self.until {
            Until::Time { .. } => started >= self.counted_from && ended <= self.ends,
            Until::Requests { warm_up, .. } => ticket >= warm_up,
        }
    }

    pub(super) fn longest(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now()).saturating_add(GRACE)
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
