//! The locks of a database file: shared, reserved, pending, exclusive, as `SQLite` has them.

/// How far somebody's lock goes; the numbers are `SQLite`'s.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum LockLevel {
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}

impl LockLevel {
    /// `SQLite`'s number.
    pub(crate) const fn of(number: i32) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Shared,
            2 => Self::Reserved,
            3 => Self::Pending,
            _ => Self::Exclusive,
        }
    }
}

/// Who holds what of one file; holders are numbers.
#[derive(Debug, Default)]
pub(crate) struct FileLocks {
    shared: u32,
    reserved: Option<u64>,
    pending: Option<u64>,
    exclusive: Option<u64>,
}

impl FileLocks {
    /// Raises a holder's lock from `held` to `wanted`, as far as others let it: what it holds then, and whether that is what it
    /// wanted.
    pub(crate) fn raise(&mut self, holder: u64, held: LockLevel, wanted: LockLevel) -> (LockLevel, bool) {
        let by_others = |by: Option<u64>| by.is_some_and(|by| by != holder);
        let mut held = held;
        if held < LockLevel::Shared && wanted >= LockLevel::Shared {
            if by_others(self.pending) || by_others(self.exclusive) {
                return (held, false);
            }
            self.shared += 1;
            held = LockLevel::Shared;
        }
        if held < LockLevel::Reserved && wanted >= LockLevel::Reserved {
            if by_others(self.reserved) || by_others(self.pending) || by_others(self.exclusive) {
                return (held, false);
            }
            self.reserved = Some(holder);
            held = LockLevel::Reserved;
        }
        if wanted == LockLevel::Exclusive {
            self.pending = Some(holder);
            if self.shared > 1 {
                return (LockLevel::Pending, false);
            }
            self.exclusive = Some(holder);
            held = LockLevel::Exclusive;
        }
        (held, true)
    }

    /// Lowers a holder's lock.
    pub(crate) fn lower(&mut self, holder: u64, held: LockLevel, to: LockLevel) {
        if to >= held {
            return;
        }
        for lock in [&mut self.reserved, &mut self.pending, &mut self.exclusive] {
            if *lock == Some(holder) {
                *lock = None;
            }
        }
        if to == LockLevel::None {
            self.shared -= 1;
        }
    }

    pub(crate) const fn is_reserved(&self) -> bool {
        self.reserved.is_some() || self.pending.is_some() || self.exclusive.is_some()
    }
}
