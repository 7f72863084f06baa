//! The memory that connections to one database share, with its eight locks: the index of the write-ahead log.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::AtomicU64;

/// Locks there are.
pub(crate) const LOCKS: usize = 8;

/// Which locks somebody holds, a bit each.
#[derive(Clone, Copy, Debug, Default)]
struct HeldLocks {
    shared: u8,
    exclusive: u8,
}

/// The shared memory of one database, and who holds its locks. It is gone when nobody uses it any more.
#[derive(Debug, Default)]
pub(crate) struct SharedMemory {
    regions: Vec<Box<[AtomicU64]>>,
    users: BTreeMap<u64, HeldLocks>,
}

impl SharedMemory {
    /// A region of so many bytes, which stays where it is while anybody uses the memory; nothing when it is not there and not to be made.
    pub(crate) fn region(&mut self, user: u64, at: usize, bytes: usize, make: bool) -> Option<*mut u64> {
        self.users.entry(user).or_default();
        while self.regions.len() <= at {
            if !make {
                return None;
            }
            self.regions.push((0..bytes / 8).map(|_| AtomicU64::new(0)).collect());
        }
        self.regions.get(at).map(|region| region.as_ptr().cast::<u64>().cast_mut())
    }

    /// Takes locks, shared or alone; whether they were to be had.
    pub(crate) fn lock(&mut self, user: u64, locks: Range<usize>, alone: bool) -> bool {
        let mask = mask(locks);
        let in_the_way = |(other, held): (&u64, &HeldLocks)| {
            *other != user && (held.exclusive & mask != 0 || alone && held.shared & mask != 0)
        };
        if self.users.iter().any(in_the_way) {
            return false;
        }
        let held = self.users.entry(user).or_default();
        if alone {
            held.exclusive |= mask;
        } else {
            held.shared |= mask;
        }
        true
    }

    /// Gives locks back.
    pub(crate) fn unlock(&mut self, user: u64, locks: Range<usize>) {
        if let Some(held) = self.users.get_mut(&user) {
            let mask = mask(locks);
            held.exclusive &= !mask;
            held.shared &= !mask;
        }
    }

    /// Leaves; whether nobody is left.
    pub(crate) fn leave(&mut self, user: u64) -> bool {
        self.users.remove(&user);
        self.users.is_empty()
    }
}

fn mask(locks: Range<usize>) -> u8 {
    locks.filter(|lock| *lock < LOCKS).fold(0, |mask, lock| mask | 1 << lock)
}
