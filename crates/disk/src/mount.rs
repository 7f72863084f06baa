//! Which disks there are, and which of them a path leads to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::image::Image;

/// What stands before a disk's number in a path.
const MOUNTS: &str = "/memory";

/// An image that is found by its number.
#[derive(Debug)]
pub(crate) struct MountedImage {
    number: u64,
    image: Mutex<Image>,
}

impl MountedImage {
    /// The path of a file on it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("{MOUNTS}/{}/{name}", self.number))
    }

    /// Whoever panicked while holding the image left it as a failing disk would.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Image> {
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);
static MOUNTED: Mutex<BTreeMap<u64, Weak<MountedImage>>> = Mutex::new(BTreeMap::new());

fn mounted() -> MutexGuard<'static, BTreeMap<u64, Weak<MountedImage>>> {
    MOUNTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives an image a number by which it is found.
pub(crate) fn mount(image: Image) -> Arc<MountedImage> {
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let disk = Arc::new(MountedImage { number, image: Mutex::new(image) });
    mounted().insert(number, Arc::downgrade(&disk));
    disk
}

/// The disk a path leads to, and the file's name on it, which stays what it is on the disk of the next life.
pub(crate) fn find(path: &str) -> Option<(Arc<MountedImage>, &str)> {
    let (number, name) = path.strip_prefix(MOUNTS)?.strip_prefix('/')?.split_once('/')?;
    let disk = mounted().get(&number.parse().ok()?)?.upgrade()?;
    Some((disk, name))
}

impl Drop for MountedImage {
    fn drop(&mut self) {
        mounted().remove(&self.number);
    }
}
