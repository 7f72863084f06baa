//! A disk in memory as a center's disk.

use std::fs::TryLockError;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use yanmi_center::ports::{Disk, DiskWork, FileIdentity, FileLock, Medium};
use yanmi_disk::{MemoryDisk, VFS};

use crate::chance::Chance;

/// How long a read outside of a transaction takes, in milliseconds.
const READ_MILLIS: (u64, u64) = (0, 1);
/// How long a commit takes.
const COMMIT_MILLIS: (u64, u64) = (1, 4);

struct WorldMedium {
    disk: MemoryDisk,
    chance: Mutex<Chance>,
}

/// The disk on which a center's database lies.
pub(crate) fn center_disk(disk: &MemoryDisk, chance: Chance) -> Disk {
    Disk::given(WorldMedium { disk: disk.clone(), chance: Mutex::new(chance) })
}

impl Medium for WorldMedium {
    fn vfs(&self) -> &str {
        VFS
    }

    fn head(&self, path: &Path, bytes: usize) -> io::Result<Vec<u8>> {
        self.disk.head(path, bytes)
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        self.disk.make(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.disk.exists(path)
    }

    fn identity(&self, path: &Path) -> io::Result<FileIdentity> {
        self.disk.identity(path).map(|number| (0, number))
    }

    /// A life that ended holds nothing any more: each has a disk of its own.
    fn lock(&self, _: &Path) -> Result<FileLock, TryLockError> {
        Ok(Box::new(()))
    }

    fn try_room(&self, path: &Path, bytes: usize) -> io::Result<()> {
        self.disk.try_room(path, bytes)
    }

    fn took(&self, work: DiskWork) -> Duration {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        chance.millis(match work {
            DiskWork::Read => READ_MILLIS,
            DiskWork::Commit => COMMIT_MILLIS,
        })
    }
}
