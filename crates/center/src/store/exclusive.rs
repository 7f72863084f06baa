//! Who may work on an embedded database.

use std::fs::File;

/// The right to be the one center on a database, where there can be only one; given back when dropped.
#[derive(Debug)]
pub struct Exclusive {
    _lock: Option<File>,
}

impl Exclusive {
    /// By a lock on a file, for as long as it is open.
    pub(super) fn by(lock: File) -> Self {
        Self { _lock: Some(lock) }
    }

    /// Where several may work.
    pub(super) fn of_none() -> Self {
        Self { _lock: None }
    }
}
