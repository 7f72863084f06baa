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
    async fn who_waits_is_told_in_the_order_of_waiting_and_so_is_who_comes_later() {
        let stopping = Stopping::default();
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let waits = |number| {
            let (stopping, order) = (stopping.clone(), Arc::clone(&order));
            async move {
                stopping.told().await;
                order.lock().expect("no panic").push(number);
            }
        };
        let waiting: Vec<_> = (1..=9).map(|number| tokio::spawn(waits(number))).collect();
        // All of them run until they wait.
        tokio::task::yield_now().await;
        assert!(!stopping.is_told() && order.lock().expect("no panic").is_empty());
        stopping.tell();
        for waits in waiting {
            waits.await.expect("no panic");
        }
        waits(10).await;
        assert_eq!(*order.lock().expect("no panic"), (1..=10).collect::<Vec<_>>());
    }
}
