//! The programs of institutions with our own client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use yanmi_disk::MemoryDisk;

use crate::desk::Software;

/// A desk's program while it runs.
#[derive(Clone)]
pub(crate) struct OpenDesk {
    pub(crate) desk: Arc<Software>,
    pub(crate) disk: MemoryDisk,
}

/// The programs of all institutions with desks.
#[derive(Default)]
pub(crate) struct Desks(Mutex<BTreeMap<usize, OpenDesk>>);

impl Desks {
    /// The desk of an institution, if its program was ever opened.
    pub(crate) fn get(&self, institution: usize) -> Option<OpenDesk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&institution).cloned()
    }

    pub(crate) fn put(&self, institution: usize, open: OpenDesk) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(institution, open);
    }
}
