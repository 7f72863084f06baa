//! The newest verifications, in memory, for status queries.
//!
//! Institutions ask for the status again and again within minutes of a notice. Those verifications are kept here
//! with their credentials, so that a query costs a look into a map and no statement.
//!
//! Only the ledger writes here: after a commit and before anyone is answered. So what is here is never older than
//! what was answered, and what is not here is read from the database, which is never older either. Nothing is
//! ever filled in from a read, because a read could be overtaken by a commit. This needs one process to be the
//! only writer; the embedded database is held by one process exclusively.
//!
//! Entries are found by their token alone, so that all of one token are found together: what is learned about it holds for
//! each of them.
//!
//! Entries are dropped by age; when there is no room, new ones are simply not kept.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use hashbrown::{DefaultHashBuilder, HashTable};
use yanmi_protocol::{EcToken, UnixMillis};
use yanmi_verification::{Credential, Verification};

use crate::ledger::key::Key;

/// How long a verification stays after its last notice.
pub(crate) const STAY: Duration = Duration::from_hours(1);
/// Parts the map is cut into, so that one sweep holds a lock only briefly.
const SHARDS: usize = 64;

/// One verification in memory.
#[derive(Debug)]
pub(crate) struct Live {
    key: Key,
    pub(crate) credential: Credential,
    pub(crate) verification: Verification,
}

// The promise of half a KiB a verification, map and allocation included, starts here.
const _: () = assert!(size_of::<Live>() <= 384, "a live verification must stay small");

#[derive(Debug)]
pub(crate) struct Resident {
    shards: Vec<RwLock<HashTable<Box<Live>>>>,
    hasher: DefaultHashBuilder,
    count: AtomicUsize,
    limit: usize,
}

impl Resident {
    /// Room for `limit` verifications.
    pub(crate) fn new(limit: usize) -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, hasher: DefaultHashBuilder::default(), count: AtomicUsize::new(0), limit }
    }

    /// Looks at one verification.
    pub(crate) fn with<T>(&self, key: &Key, look: impl FnOnce(&Live) -> T) -> Option<T> {
        let hash = self.hasher.hash_one(key.token);
        let shard = self.shard(hash).read().unwrap_or_else(PoisonError::into_inner);
        shard.find(hash, |live| live.key == *key).map(|live| look(live))
    }

    /// Keeps one verification, or what it has become.
    pub(crate) fn put(&self, key: Key, credential: Credential, verification: Verification) {
        let hash = self.hasher.hash_one(key.token);
        let mut shard = self.shard(hash).write().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = shard.find_mut(hash, |live| live.key == key) {
            live.credential = credential;
            live.verification = verification;
        } else if self.count.load(Ordering::Relaxed) < self.limit {
            let live = Box::new(Live { key, credential, verification });
            shard.insert_unique(hash, live, |live| self.hasher.hash_one(live.key.token));
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What the national center says now about a token, whatever institution asked.
    pub(crate) fn learn(&self, token: &EcToken, credential: &Credential) {
        let hash = self.hasher.hash_one(token);
        let mut shard = self.shard(hash).write().unwrap_or_else(PoisonError::into_inner);
        for live in shard.iter_hash_mut(hash).filter(|live| live.key.token == *token) {
            live.credential = *credential;
        }
    }

    /// Forgets one verification, so that it is read from the database again.
    pub(crate) fn forget(&self, key: &Key) {
        let hash = self.hasher.hash_one(key.token);
        let mut shard = self.shard(hash).write().unwrap_or_else(PoisonError::into_inner);
        if let Ok(entry) = shard.find_entry(hash, |live| live.key == *key) {
            entry.remove();
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Drops from one part of the map what was last asked for longer than [`STAY`] ago.
    pub(crate) fn sweep(&self, part: usize, now: UnixMillis) {
        let mut shard = self.shards[part % SHARDS].write().unwrap_or_else(PoisonError::into_inner);
        let before = shard.len();
        shard.retain(|live| now < live.verification.asked_at.plus(STAY));
        self.count.fetch_sub(before - shard.len(), Ordering::Relaxed);
        if shard.len() < shard.capacity() / 4 {
            shard.shrink_to_fit(|live| self.hasher.hash_one(live.key.token));
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    fn shard(&self, hash: u64) -> &RwLock<HashTable<Box<Live>>> {
        // The table uses the low bits and the top seven; the part is chosen by others.
        &self.shards[usize::try_from((hash >> 40) % (SHARDS as u64)).unwrap_or(0)]
    }
}
