//! Which of the center's addresses is asked next.
//!
//! `localUrl` (section 1.2) is a load-balanced address, and a province may give out several. One that failed is left
//! alone for a named time, but never so that none is left to try: only the network knows whether it works again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::settings::Order;

/// The addresses and what is known about them.
#[derive(Debug)]
pub(crate) struct Addresses {
    urls: Vec<String>,
    order: Order,
    skip: Duration,
    turn: AtomicUsize,
    /// Until when each is left alone, in time since the ambient's fixed moment.
    shunned: Mutex<Vec<Option<Duration>>>,
}

impl Addresses {
    pub(crate) fn new(urls: Vec<String>, order: Order, skip: Duration) -> Self {
        let shunned = Mutex::new(vec![None; urls.len()]);
        Self { urls, order, skip, turn: AtomicUsize::new(0), shunned }
    }

    pub(crate) fn url(&self, at: usize) -> &str {
        self.urls.get(at).map_or("", String::as_str)
    }

    /// The order in which one call tries the addresses: those that are not shunned first, then the others, the one
    /// whose time is up soonest before the rest.
    pub(crate) fn queue(&self, now: Duration) -> Vec<usize> {
        let count = self.urls.len().max(1);
        let first = match self.order {
            Order::Listed => 0,
            Order::Rotate => self.turn.fetch_add(1, Ordering::Relaxed) % count,
        };
        let shunned = self.shunned.lock().unwrap_or_else(PoisonError::into_inner);
        let mut queue: Vec<usize> = (0..count).map(|step| (first + step) % count).collect();
        let until = |at: &usize| shunned.get(*at).copied().flatten().filter(|until| *until > now);
        queue.sort_by_key(until);
        queue
    }

    /// The address failed: it is left alone for a while.
    pub(crate) fn failed(&self, at: usize, now: Duration) {
        self.set(at, Some(now + self.skip));
    }

    /// The address answered.
    pub(crate) fn answered(&self, at: usize) {
        self.set(at, None);
    }

    fn set(&self, at: usize, until: Option<Duration>) {
        let mut shunned = self.shunned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = shunned.get_mut(at) {
            *slot = until;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(order: Order) -> Addresses {
        let urls = ["a", "b", "c"].map(str::to_owned).to_vec();
        Addresses::new(urls, order, Duration::from_secs(30))
    }

    #[test]
    fn a_failing_address_waits_behind_the_others_for_its_time() {
        let second = Duration::from_secs;
        let listed = three(Order::Listed);
        assert_eq!(listed.queue(second(0)), [0, 1, 2]);
        listed.failed(0, second(0));
        assert_eq!(listed.queue(second(29)), [1, 2, 0]);
        listed.failed(1, second(1));
        listed.failed(2, second(2));
        assert_eq!(listed.queue(second(3)), [0, 1, 2], "none is left out when all failed");
        assert_eq!(listed.queue(second(30)), [0, 1, 2]);
        assert_eq!(listed.queue(second(31)), [0, 1, 2]);
        listed.answered(1);
        assert_eq!(listed.queue(second(3)), [1, 0, 2]);
    }

    #[test]
    fn rotation_spreads_the_calls() {
        let rotating = three(Order::Rotate);
        let firsts: Vec<usize> = (0..4).map(|_| rotating.queue(Duration::ZERO)[0]).collect();
        assert_eq!(firsts, [0, 1, 2, 0]);
        rotating.failed(1, Duration::ZERO);
        assert_eq!(rotating.queue(Duration::ZERO), [2, 0, 1]);
    }
}
