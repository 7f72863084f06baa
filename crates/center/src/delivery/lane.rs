//! One lane per channel: how many calls it may have under way, and when it is left alone for a while.
//!
//! A channel that hangs holds every call made to it until the deadline. Without lanes those calls would pile up
//! until they hold everything the center has, and one broken app would stop all the others. So each channel
//! has a lane of its own, with two guards:
//!
//! * **The bulkhead**: at most `in_flight` calls at a time. One more is refused at once, not queued: the clerk
//!   who waits is told at once, and may send the person to another app.
//! * **The circuit breaker**: after `failures` calls in a row that failed, the channel rests for `open_for`,
//!   and whoever asks meanwhile is refused at once. Then exactly one call is let through as a probe. If it
//!   succeeds the lane is as before; if it fails the channel rests again.
//!
//! What is a failure is the caller's to say: that the channel could not be reached, did not answer in time or
//! sensibly. A channel that answers "no" works. A call that was abandoned says nothing about the channel: its
//! permit only gives its place back.
//!
//! A report counts only for the circuit as it was when its call began. A call from before the channel was put
//! to rest, ending after it woke, neither closes nor opens anything.
//!
//! The lane knows no clock; every step is told the time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// The bounds of one lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneSettings {
    /// Calls that may be under way at a time; 0 counts as 1.
    pub in_flight: u32,
    /// Failures in a row after which the channel rests; 0 counts as 1.
    pub failures: u32,
    /// How long it rests.
    pub open_for: Duration,
}

/// Why a call may not be made now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LaneRefusal {
    /// As many calls as are allowed are under way.
    Busy,
    /// The channel rests.
    Open {
        /// Not before this moment a probe is let through; past while one is under way.
        until: UnixMillis,
    },
}

/// The way to one channel. Shared by all who call it, and outliving changes of its settings elsewhere.
pub struct Lane {
    settings: LaneSettings,
    inside: Mutex<LaneState>,
}

struct LaneState {
    in_flight: u32,
    circuit: Circuit,
    /// Grows with every change of the circuit, so that old permits are told from new ones.
    epoch: u64,
}

#[derive(Clone, Copy)]
enum Circuit {
    Closed { failures: u32 },
    Open { until: UnixMillis },
    Probing { since_open: UnixMillis },
}

impl Lane {
    /// A lane on which nothing has happened yet.
    pub fn new(settings: LaneSettings) -> Self {
        let circuit = Circuit::Closed { failures: 0 };
        Self { settings, inside: Mutex::new(LaneState { in_flight: 0, circuit, epoch: 0 }) }
    }

    /// Takes a place on the lane, without waiting.
    ///
    /// # Errors
    /// [`LaneRefusal`] when there is none; a channel that rests is told before one that is busy.
    pub fn enter(self: &Arc<Self>, now: UnixMillis) -> Result<Permit, LaneRefusal> {
        let mut inside = self.inside();
        let probe = match inside.circuit {
            Circuit::Closed { .. } => None,
            Circuit::Open { until } => {
                // A clock that was set back behind the beginning of a rest says nothing of how long it was: the probe does.
                let set_back = until > now.plus(self.settings.open_for);
                if now < until && !set_back {
                    return Err(LaneRefusal::Open { until });
                }
                Some(until)
            }
            Circuit::Probing { since_open } => return Err(LaneRefusal::Open { until: since_open }),
        };
        if inside.in_flight >= self.settings.in_flight.max(1) {
            return Err(LaneRefusal::Busy);
        }
        inside.in_flight += 1;
        if let Some(since_open) = probe {
            inside.change(Circuit::Probing { since_open });
        }
        Ok(Permit { lane: Arc::clone(self), epoch: inside.epoch })
    }

    /// Calls under way.
    pub fn in_flight(&self) -> u32 {
        self.inside().in_flight
    }

    /// Until when the channel rests, when it does; the moment is past while a probe is due or under way.
    pub fn open_until(&self) -> Option<UnixMillis> {
        match self.inside().circuit {
            Circuit::Closed { .. } => None,
            Circuit::Open { until } | Circuit::Probing { since_open: until } => Some(until),
        }
    }

    /// Nothing can panic while it is held.
    fn inside(&self) -> MutexGuard<'_, LaneState> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LaneState {
    fn change(&mut self, circuit: Circuit) {
        self.circuit = circuit;
        self.epoch += 1;
    }

    fn succeeded(&mut self) {
        match &mut self.circuit {
            Circuit::Closed { failures } => *failures = 0,
            Circuit::Probing { .. } => self.change(Circuit::Closed { failures: 0 }),
            Circuit::Open { .. } => {}
        }
    }

    fn failed(&mut self, now: UnixMillis, settings: LaneSettings) {
        let open = Circuit::Open { until: now.plus(settings.open_for) };
        match &mut self.circuit {
            Circuit::Closed { failures } => {
                *failures += 1;
                if *failures >= settings.failures.max(1) {
                    self.change(open);
                }
            }
            Circuit::Probing { .. } => self.change(open),
            Circuit::Open { .. } => {}
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (in_flight, open_until) = (self.in_flight(), self.open_until());
        f.debug_struct("Lane").field("in_flight", &in_flight).field("open_until", &open_until).finish()
    }
}

/// A place on a lane. Dropping it without a report gives the place back and says nothing about the channel.
#[derive(Debug)]
#[must_use = "dropping the permit gives the place back"]
pub struct Permit {
    lane: Arc<Lane>,
    epoch: u64,
}

impl Permit {
    /// The channel works, whatever it answered.
    pub fn succeeded(self) {
        let mut inside = self.lane.inside();
        if inside.epoch == self.epoch {
            inside.succeeded();
        }
    }

    /// The channel failed.
    pub fn failed(self, now: UnixMillis) {
        let mut inside = self.lane.inside();
        if inside.epoch == self.epoch {
            inside.failed(now, self.lane.settings);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut inside = self.lane.inside();
        inside.in_flight -= 1;
        // A probe that was abandoned proves nothing: the next call is the probe.
        if let Circuit::Probing { since_open } = inside.circuit
            && inside.epoch == self.epoch
        {
            inside.change(Circuit::Open { until: since_open });
        }
    }
}

#[cfg(test)]
mod tests;
