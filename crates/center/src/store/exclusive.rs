//! Who may work on an embedded database.

use std::fmt;

use crate::ports::FileLock;

/// The right to be the one center on a database, where there can be only one; given back when dropped.
pub struct Exclusive {
    _lock: Option<FileLock>,
}

impl fmt::Debug for Exclusive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exclusive")
    }
}

impl Exclusive {
    /// By a lock on a file, for as long as it is open.
    pub(super) fn by(lock: FileLock) -> Self {
        Self { _lock: Some(lock) }
    }

    /// Where several may work.
    pub(super) fn of_none() -> Self {
        Self { _lock: None }
    }
}
