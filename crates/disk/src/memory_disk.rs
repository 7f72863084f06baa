//! A disk, as whoever tries a center on it has it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard};

use crate::file::DiskFile;
use crate::image::{DiskFault, Image};
use crate::mount::{MountedImage, mount};
use crate::vfs;

/// How a disk does not do what it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// A sync that says that everything is kept, and has kept nothing.
    LyingSync,
}

/// A disk in memory. Clones are the same disk; it is gone with the last of them and with the last file that is open.
#[derive(Clone, Debug)]
pub struct MemoryDisk(Arc<MountedImage>);

impl MemoryDisk {
    /// An empty disk; the seed decides what is left after a cut.
    pub fn new(seed: u64) -> Self {
        Self::mount(Image::new(seed))
    }

    fn mount(image: Image) -> Self {
        vfs::register();
        Self(mount(image))
    }

    /// The path of a file on this disk.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// The disk as the death of the process leaves it: the system has everything that was written.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let left = self.image().left(|file, _| file.content().clone());
        Self::mount(left)
    }

    /// The disk as a failure of the power leaves it: what was synced, and some of what was not.
    #[must_use]
    pub fn after_power_cut(&self) -> Self {
        let left = self.image().left(DiskFile::after_power_cut);
        Self::mount(left)
    }

    /// How many operations have changed something or made it certain.
    pub fn operations(&self) -> u64 {
        self.image().operations
    }

    /// Has the power fail at this operation, counted from the first one of this disk: it is done or not, and the next ones
    /// fail.
    pub fn cut_at(&self, operation: u64) {
        self.image().cut_at = Some(operation);
    }

    /// Has the power fail now.
    pub fn cut(&self) {
        self.image().dead = true;
    }

    /// Whether the power has failed.
    pub fn is_dead(&self) -> bool {
        self.image().dead
    }

    /// Has files take so many bytes more than now, or as many as they like.
    pub fn limit(&self, more: Option<u64>) {
        let mut image = self.image();
        let taken = image.bytes();
        image.room = more.map(|more| taken + more);
    }

    /// Has the disk make a mistake from now on.
    pub fn lie(&self, mistake: Mistake) {
        match mistake {
            Mistake::LyingSync => self.image().lying = true,
        }
    }

    /// The first bytes of a file.
    ///
    /// # Errors
    /// When it is not there, or the power is off.
    pub fn head(&self, path: &Path, bytes: usize) -> io::Result<Vec<u8>> {
        let mut image = self.image();
        let name = name(path);
        image.open(&name, false).map_err(fault)?.ok_or(io::ErrorKind::NotFound)?;
        Ok(image.files.get(&name).map(|file| file.content().bytes(0, bytes)).unwrap_or_default())
    }

    /// Makes a file that is not there.
    ///
    /// # Errors
    /// When it is there, or the power is off.
    pub fn make(&self, path: &Path) -> io::Result<()> {
        let mut image = self.image();
        let name = name(path);
        if image.open(&name, false).map_err(fault)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        image.open(&name, true).map_err(fault)?;
        Ok(())
    }

    /// Whether there is such a file.
    pub fn exists(&self, path: &Path) -> bool {
        self.image().files.contains_key(&name(path))
    }

    /// A number that is this file's, whatever its name.
    ///
    /// # Errors
    /// When it is not there, or the power is off.
    pub fn identity(&self, path: &Path) -> io::Result<u64> {
        self.image().open(&name(path), false).map_err(fault)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Tries whether there is room for so many bytes.
    ///
    /// # Errors
    /// When there is none, or the power is off.
    pub fn try_room(&self, path: &Path, bytes: usize) -> io::Result<()> {
        let mut image = self.image();
        let name = name(path);
        image.open(&name, true).map_err(fault)?;
        let tried = image.write(&name, 0, &vec![0; bytes]).and_then(|()| image.sync(&name));
        let removed = image.remove(&name);
        tried.and(removed).map_err(fault)
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.0.lock()
    }
}

/// A file's name, without what says on which disk.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn fault(fault: DiskFault) -> io::Error {
    match fault {
        DiskFault::Dead => io::Error::other("the disk's power is off"),
        DiskFault::Full => io::ErrorKind::StorageFull.into(),
    }
}
