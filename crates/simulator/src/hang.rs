//! Not answering, within bounds: how long, how many at once, and never past the end of the simulator.

use std::time::Duration;

use tokio::sync::{Semaphore, watch};

/// The longest a hanging channel holds a request before it drops the connection.
pub const LONGEST_HANG: Duration = Duration::from_mins(1);
/// The longest a silent national center holds a request before it drops the connection.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// Requests that may be held at once; more are dropped without waiting.
pub const MOST_HELD: usize = 512;

/// The places for requests that are not answered for a while.
#[derive(Debug)]
pub(crate) struct Hangs {
    places: Semaphore,
    stopping: watch::Receiver<bool>,
}

impl Hangs {
    pub(crate) fn new(stopping: watch::Receiver<bool>) -> Self {
        Self { places: Semaphore::new(MOST_HELD), stopping }
    }

    /// How many requests are held now.
    pub(crate) fn held(&self) -> usize {
        MOST_HELD - self.places.available_permits()
    }

    /// Returns when the simulator stops.
    pub(crate) async fn stopped(&self) {
        // An error means that whoever could stop the simulator is gone, which is a stop as well.
        let _ = self.stopping.clone().wait_for(|stop| *stop).await;
    }

    /// Returns after `span`, or at once when every place is taken or the simulator stops.
    pub(crate) async fn hold(&self, span: Duration) {
        let Ok(_place) = self.places.try_acquire() else { return };
        tokio::select! {
            () = tokio::time::sleep(span) => {}
            () = self.stopped() => {}
        }
    }
}
