//! A disk in memory as a center's disk.

use std::fs::TryLockError;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use yanmi_center::ports::{DatabaseServer, Disk, DiskWork, FileIdentity, FileLock, Medium};
use yanmi_disk::{MemoryDisk, VFS};

use crate::chance::Chance;
use crate::world::World;

/// How long a read outside of a transaction takes, in milliseconds.
const READ_MILLIS: (u64, u64) = (0, 1);
/// How long a commit takes.
const COMMIT_MILLIS: (u64, u64) = (1, 4);

yanmi_database_server::port!(yanmi_center::ports);

struct WorldMedium {
    disk: MemoryDisk,
    chance: Mutex<Chance>,
    /// Who stands before the database, where several centers share it.
    server: Option<Arc<ServerPort>>,
}

/// The disk on which a center's database lies, and who stands before it, as somebody at this place comes there.
pub(crate) fn center_disk(world: &World, disk: &MemoryDisk, place: u64, chance: Chance) -> Disk {
    let server = world.server.clone().map(|server| {
        let clock = world.clock.clone();
        Arc::new(ServerPort { server, from: place, now: Box::new(move || clock.now().get()) })
    });
    Disk::given(WorldMedium { disk: disk.clone(), chance: Mutex::new(chance), server })
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

    fn changes(&self) -> Option<u64> {
        Some(self.disk.operations())
    }

    fn took(&self, work: DiskWork) -> Duration {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        chance.millis(match work {
            DiskWork::Read => READ_MILLIS,
            DiskWork::Commit => COMMIT_MILLIS,
        })
    }

    fn server(&self) -> Option<Arc<dyn DatabaseServer>> {
        self.server.clone().map(|server| server as Arc<dyn DatabaseServer>)
    }
}
