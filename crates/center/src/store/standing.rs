//! Whether an embedded database is still where it was opened.
//!
//! A file that was deleted, or replaced by a backup, under a running center still takes every change, and all of them are
//! gone when the process ends. The open file and the path say which of the two it is: they have the same number, or not.
//! So it is asked before each commit, and each second. The same is true of the write-ahead log beside it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::StoreError;

/// A file's device and number.
type Identity = (u64, u64);

/// Which files were opened.
#[derive(Clone, Debug)]
pub(super) struct OpenedFiles {
    path: Arc<Path>,
    log: Arc<Path>,
    opened: Arc<OnceLock<Identity>>,
    opened_log: Arc<OnceLock<Identity>>,
}

impl OpenedFiles {
    pub(super) fn new(path: &Path) -> Self {
        let log = PathBuf::from(beside(path, "-wal"));
        Self { path: path.into(), log: log.into(), opened: Arc::default(), opened_log: Arc::default() }
    }

    /// Looks whether the files are those that were there at the first look.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] when they are not, or when they are gone.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        same(&self.path, &self.opened)?;
        // The log comes with the first connection, and stays as long as there is one.
        if self.opened_log.get().is_none() && !self.log.exists() {
            return Ok(());
        }
        same(&self.log, &self.opened_log)
    }

    /// Where to try whether there is room.
    pub(super) fn scratch(&self) -> PathBuf {
        PathBuf::from(beside(&self.path, ".room"))
    }
}

/// The path with something at its end.
pub(super) fn beside(path: &Path, end: &str) -> OsString {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name
}

fn same(path: &Path, opened: &OnceLock<Identity>) -> Result<(), StoreError> {
    let now = match identity(path) {
        Ok(now) => now,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::Replaced(path.to_path_buf()));
        }
        Err(error) => return Err(StoreError::Open(path.to_path_buf(), sqlx::Error::Io(error))),
    };
    if *opened.get_or_init(|| now) == now { Ok(()) } else { Err(StoreError::Replaced(path.to_path_buf())) }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Where files have no number, open ones cannot be replaced.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    std::fs::metadata(path).map(|_| (0, 0))
}

/// Bytes for which there must be room before a center says that it is ready again: several of the largest batches.
const ROOM_BYTES: usize = 1024 * 1024;

/// Tries whether there is room beside the database, for more than the single page that a small change takes.
///
/// # Errors
/// When there is none, or nothing can be written at all.
pub(super) fn try_room(path: &Path) -> Result<(), StoreError> {
    let tried = write(path);
    // Nothing to be done about one that stays: the next trial takes its place.
    let _ = std::fs::remove_file(path);
    tried.map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            StoreError::NoRoom
        }
        _ => StoreError::Open(path.to_path_buf(), sqlx::Error::Io(error)),
    })
}

fn write(path: &Path) -> io::Result<()> {
    use std::io::Write;
    let mut file = private(std::fs::File::options().create(true).truncate(true)).open(path)?;
    file.write_all(&vec![0x59; ROOM_BYTES])?;
    file.sync_all()
}

/// A file that only its owner may read, when it is made.
pub(super) fn private(options: &mut std::fs::OpenOptions) -> &mut std::fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_or_another_is_seen_and_the_same_one_back_is_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, away) = (folder.path().join("a.sqlite"), folder.path().join("away"));
        std::fs::write(&file, "one").expect("written");
        let place = OpenedFiles::new(&file);
        place.check().expect("the first look");
        std::fs::rename(&file, &away).expect("moved");
        assert!(matches!(place.check(), Err(StoreError::Replaced(_))));
        std::fs::write(&file, "two").expect("written");
        assert!(matches!(place.check(), Err(StoreError::Replaced(_))));
        std::fs::rename(&away, &file).expect("back");
        place.check().expect("the same one");

        let log = folder.path().join("a.sqlite-wal");
        std::fs::write(&log, "log").expect("written");
        place.check().expect("the first look");
        std::fs::remove_file(&log).expect("removed");
        assert!(
            matches!(place.check(), Err(StoreError::Replaced(_))),
            "the log holds what is not in the file yet"
        );
    }

    #[test]
    fn room_is_tried_and_nothing_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let scratch = OpenedFiles::new(&folder.path().join("a.sqlite")).scratch();
        try_room(&scratch).expect("room");
        assert!(!scratch.exists());
        assert!(try_room(&folder.path().join("none/a.room")).is_err());
    }
}
