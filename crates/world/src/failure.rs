//! How machines fail, and what that leaves of a disk.

use std::collections::VecDeque;

use yanmi_disk::MemoryDisk;

/// How a machine fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The power: of what was not synced some is left.
    Power,
    /// The process: the system has everything that was written.
    Process,
}

impl Failure {
    /// What such a failure leaves of a disk.
    pub(crate) fn left(self, disk: &MemoryDisk) -> MemoryDisk {
        match self {
            Self::Power => disk.after_power_cut(),
            Self::Process => disk.after_kill(),
        }
    }
}

/// How the programs of desks end: how their machine fails, and at which operation of the next openings, as long as there are any.
pub(crate) struct DeskEnds {
    pub(crate) failure: Failure,
    pub(crate) at: VecDeque<u64>,
}
