//! What every page is told, and what it is told of: the ring of events, the counter, and the code on a phone's screen.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;
use tokio::sync::Semaphore;

use super::filter::Filter;
use super::ring::Ring;
use super::visit::Counter;
use crate::ambient::Clock;

/// Event streams open at once; one more is refused with HTTP 503.
pub const MOST_STREAMS: usize = 10_240;

/// What can be watched.
pub(crate) struct Watch {
    pub(super) ring: Ring,
    clock: Clock,
    exchanges: AtomicU64,
    pub(crate) counter: Counter,
    /// What of the requests of programs outside is shown.
    pub(crate) filter: Filter,
    /// The code on a phone's screen, and when the person tapped last.
    phone: Mutex<OnScreen>,
    streams: Arc<Semaphore>,
}

#[derive(Default)]
struct OnScreen {
    showing: Option<Showing>,
    tapped: Option<Instant>,
}

/// A QR code on a phone.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Showing {
    pub(crate) ec_index_no: String,
    pub(crate) chnl_id: String,
    pub(crate) ec_qr_code: String,
}

/// Who did something that is no message.
#[derive(Clone, Copy)]
pub(crate) enum Actor {
    Person,
    Clerk,
    /// Whoever plays with the sandbox.
    Director,
}

impl Watch {
    pub(crate) fn new(clock: Clock) -> Self {
        // Identifiers go on rising over restarts, so that a page that was open meanwhile is not taken for up to date.
        let first = u64::try_from(clock().get()).unwrap_or(0).saturating_mul(1_000);
        Self {
            ring: Ring::new(first),
            clock,
            exchanges: AtomicU64::new(1),
            counter: Counter::default(),
            filter: Filter::default(),
            phone: Mutex::default(),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
        }
    }

    /// Keeps no more than so many bytes of events.
    pub(crate) fn remember_bytes(&self, most: usize) {
        self.ring.limit(most);
    }

    pub(super) fn now(&self) -> i64 {
        (self.clock)().get()
    }

    /// Tells every page something.
    pub(crate) fn publish(&self, kind: &str, data: &impl Serialize) {
        self.ring.publish(kind, data);
    }

    /// Tells every page what somebody did.
    pub(crate) fn step(&self, actor: Actor, text: &str) {
        let who = match actor {
            Actor::Person => "person",
            Actor::Clerk => "clerk",
            Actor::Director => "director",
        };
        let at = self.now();
        self.publish("step", &serde_json::json!({ "who": who, "text": text, "at": at }));
    }

    /// A code appears on a phone, or disappears from it.
    pub(crate) fn show(&self, showing: Option<Showing>) {
        self.publish("showing", &showing);
        self.on_screen().showing = showing;
    }

    /// What is on a phone's screen.
    pub(super) fn showing(&self) -> Option<Showing> {
        self.on_screen().showing.clone()
    }

    /// The code on a phone's screen.
    pub(crate) fn shown_code(&self) -> Option<String> {
        self.on_screen().showing.as_ref().map(|showing| showing.ec_qr_code.clone())
    }

    /// The person taps: from here on the way to the counter is timed.
    pub(crate) fn tap(&self) {
        self.on_screen().tapped = Some(Instant::now());
    }

    /// Microseconds since the last tap, if nobody has asked before.
    pub(super) fn since_tap(&self) -> Option<u64> {
        let tapped = self.on_screen().tapped.take()?;
        u64::try_from(tapped.elapsed().as_micros()).ok()
    }

    /// The places for streams.
    pub(crate) const fn places(&self) -> &Arc<Semaphore> {
        &self.streams
    }

    fn on_screen(&self) -> MutexGuard<'_, OnScreen> {
        self.phone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_exchange(&self) -> u64 {
        self.exchanges.fetch_add(1, Ordering::Relaxed)
    }
}
