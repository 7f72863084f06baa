//! Waking those who wait for a verification to change (`waitSeconds`).
//!
//! Verifications are known by their fingerprints here, because that is what another center tells of them. Should two
//! share one, somebody is woken for nothing, and looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::ledger::key::Key;

/// Who waits for what. In an order of their own, because who is woken first goes on first.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<BTreeMap<u64, (Arc<Notify>, usize)>>);

/// One caller that waits for one verification; gives its place back when dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    watchers: Arc<Watchers>,
    fingerprint: u64,
    bell: Arc<Notify>,
}

impl Watchers {
    /// Begins to watch. Begin before looking at the state, so that no change falls between the two.
    pub(crate) fn watch(self: &Arc<Self>, key: Key) -> Watch {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fingerprint = key.fingerprint();
        let entry = map.entry(fingerprint).or_default();
        entry.1 += 1;
        Watch { watchers: Arc::clone(self), fingerprint, bell: Arc::clone(&entry.0) }
    }

    /// Wakes everybody who watches one of these.
    pub(crate) fn wake(&self, fingerprints: impl Iterator<Item = u64>) {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.is_empty() {
            return;
        }
        for fingerprint in fingerprints {
            if let Some((bell, _)) = map.get(&fingerprint) {
                bell.notify_waiters();
            }
        }
    }

    /// Wakes everybody: something may have changed, and it is not known what.
    pub(crate) fn wake_all(&self) {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.values().for_each(|(bell, _)| bell.notify_waiters());
    }
}

impl Watch {
    /// A future that ends at the next change after this call.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.bell.notified()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut map = self.watchers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = map.get_mut(&self.fingerprint) {
            entry.1 -= 1;
            if entry.1 == 0 {
                map.remove(&self.fingerprint);
            }
        }
    }
}
