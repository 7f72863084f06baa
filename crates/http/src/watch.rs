//! Where a connection stands, and until when it may stand there.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::ServerLimits;

/// Where a connection stands: a phase in the two lowest bits, above them the microseconds from the
/// connection's beginning to the phase's. Written by the connection's own task; the listener looks when it is full.
#[derive(Debug)]
pub(super) struct ConnectionWatch {
    pub(super) began: Instant,
    state: AtomicU64,
    /// Whether a request was proven here.
    proven: AtomicBool,
}

/// Between an answer and the next request's first byte.
pub(super) const IDLE: u64 = 0;
/// Between a request's first byte and the end of its head.
const HEAD: u64 = 1;
/// Between the end of the head and the answer. The operation has deadlines of its own.
pub(super) const SERVING: u64 = 2;

impl ConnectionWatch {
    /// A new connection owes a head from the beginning on.
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), state: AtomicU64::new(HEAD), proven: AtomicBool::new(false) }
    }

    /// It counts as one on which a request was proven.
    pub(super) fn prove(&self) {
        // Looked at before it is written, so that a busy connection does not write the same again and again.
        if !self.proven.load(Ordering::Relaxed) {
            self.proven.store(true, Ordering::Relaxed);
        }
    }

    /// Unless a request is being served: what a listener that needs room goes by, the smallest first. Those on which
    /// nobody has proven anything come first, of each kind the one that has waited longest.
    pub(super) fn rank(&self) -> Option<(bool, Instant)> {
        let state = self.state.load(Ordering::Relaxed);
        let since = self.began + Duration::from_micros(state >> 2);
        (state & 3 != SERVING).then(|| (self.proven.load(Ordering::Relaxed), since))
    }

    pub(super) fn enter(&self, phase: u64) {
        // Half a million years of microseconds fit above the two bits.
        let since = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX >> 2);
        self.state.store((since << 2) | phase, Ordering::Relaxed);
    }

    pub(super) fn bytes_arrived(&self) {
        if self.state.load(Ordering::Relaxed) & 3 == IDLE {
            self.enter(HEAD);
        }
    }

    /// When the present phase will have lasted too long.
    pub(super) fn deadline(&self, limits: &ServerLimits) -> Option<Instant> {
        let state = self.state.load(Ordering::Relaxed);
        let patience = match state & 3 {
            IDLE => limits.keep_alive,
            HEAD => limits.header,
            _ => return None,
        };
        let phase = self.began + Duration::from_micros(state >> 2) + patience;
        let unproven = (!self.proven.load(Ordering::Relaxed)).then(|| self.began + limits.unproven);
        Some(unproven.map_or(phase, |life| life.min(phase)))
    }
}
