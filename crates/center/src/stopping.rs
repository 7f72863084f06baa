//! That a center is told to stop, which held queries wait for beside their news.
//!
//! Those who wait are woken in the order in which they came. A channel of the runtime that keeps a value (`watch`) wakes them in an
//! order of chance, and no seed gives the same center again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether a center is told to stop. Clones are of the same center.
#[derive(Clone, Default, Debug)]
pub(crate) struct Stopping(Arc<StoppingState>);

#[derive(Default, Debug)]
struct StoppingState {
    told: AtomicBool,
    waiting: Notify,
}

impl Stopping {
    /// Tells everybody, now and later.
    pub(crate) fn tell(&self) {
        self.0.told.store(true, Ordering::Release);
        self.0.waiting.notify_waiters();
    }

    /// Whether it is.
    pub(crate) fn is_told(&self) -> bool {
        self.0.told.load(Ordering::Acquire)
    }

    /// Waits until the center is told to stop.
    pub(crate) async fn told(&self) {
        // Made before the look, so that being told does not fall between the two.
        let told = self.0.waiting.notified();
        if !self.is_told() {
            told.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_told_and_so_is_who_comes_later() {
        let stopping = Stopping::default();
        let order = std::sync::Mutex::new(Vec::new());
        let waits = async |number| {
            stopping.told().await;
            order.lock().expect("no panic").push(number);
        };
        tokio::join!(waits(1), waits(2), waits(3), async { stopping.tell() });
        waits(4).await;
        assert_eq!(*order.lock().expect("no panic"), [1, 2, 3, 4]);
    }
}
