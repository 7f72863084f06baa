//! Waking those who wait for a verification to change (`waitSeconds`).

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;
use tokio::sync::Notify;

use super::command::Key;

/// Who waits for what.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<HashMap<Key, (Arc<Notify>, usize)>>);

/// One caller that waits for one verification; gives its place back when dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    watchers: Arc<Watchers>,
    key: Key,
    bell: Arc<Notify>,
}

impl Watchers {
    /// Begins to watch. Begin before looking at the state, so that no change falls between the two.
    pub(crate) fn watch(self: &Arc<Self>, key: Key) -> Watch {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = map.entry(key).or_default();
        entry.1 += 1;
        Watch { watchers: Arc::clone(self), key, bell: Arc::clone(&entry.0) }
    }

    /// Wakes everybody who watches one of these.
    pub(crate) fn wake<'a>(&self, keys: impl Iterator<Item = &'a Key>) {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.is_empty() {
            return;
        }
        for key in keys {
            if let Some((bell, _)) = map.get(key) {
                bell.notify_waiters();
            }
        }
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
        if let Some(entry) = map.get_mut(&self.key) {
            entry.1 -= 1;
            if entry.1 == 0 {
                map.remove(&self.key);
            }
        }
    }
}
