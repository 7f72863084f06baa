//! Time, waiting and chance in the hands of a test: a pause is noted and is over at once.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use yanmi_client::Ambient;
use yanmi_protocol::UnixMillis;

/// When every test begins.
pub(crate) const START: i64 = 1_763_869_440_000;

/// A clock that moves only when it is moved, or when somebody pauses. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Hands {
    now: Arc<AtomicI64>,
    elapsed: Arc<AtomicU64>,
    chance: Arc<AtomicU64>,
    pauses: Arc<Mutex<Vec<Duration>>>,
}

impl Hands {
    pub(crate) fn new() -> Self {
        Self {
            now: Arc::new(AtomicI64::new(START)),
            elapsed: Arc::default(),
            chance: Arc::default(),
            pauses: Arc::default(),
        }
    }

    pub(crate) fn forward(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).expect("a short time");
        self.now.fetch_add(i64::try_from(millis).expect("a short time"), Ordering::SeqCst);
        self.elapsed.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the wall clock only.
    pub(crate) fn set_clock(&self, millis: i64) {
        self.now.store(millis, Ordering::SeqCst);
    }

    /// The pauses that were made, which are then forgotten.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.pauses.lock().expect("no panic"))
    }
}

impl Ambient for Hands {
    fn now(&self) -> UnixMillis {
        UnixMillis::new(self.now.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(Ordering::SeqCst))
    }

    fn pause(&self, span: Duration) {
        if !span.is_zero() {
            self.pauses.lock().expect("no panic").push(span);
        }
        self.forward(span);
    }

    /// Never twice the same, which is all that is needed here.
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.chance.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&drawn.to_le_bytes()[..chunk.len()]);
        }
    }
}
