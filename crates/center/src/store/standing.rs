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
use crate::ports::{Disk, FileIdentity};

/// Which files were opened.
#[derive(Clone, Debug)]
pub(super) struct OpenedFiles {
    path: Arc<Path>,
    log: Arc<Path>,
    opened: Arc<OnceLock<FileIdentity>>,
    opened_log: Arc<OnceLock<FileIdentity>>,
    disk: Disk,
}

impl OpenedFiles {
    pub(super) fn new(path: &Path, disk: Disk) -> Self {
        let log = PathBuf::from(beside(path, "-wal"));
        Self { path: path.into(), log: log.into(), opened: Arc::default(), opened_log: Arc::default(), disk }
    }

    /// Looks whether the files are those that were there at the first look.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] when they are not, or when they are gone.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.same(&self.path, &self.opened)?;
        // The log comes with the first connection, and stays as long as there is one.
        if self.opened_log.get().is_none() && !self.disk.exists(&self.log) {
            return Ok(());
        }
        self.same(&self.log, &self.opened_log)
    }

    /// See [`Store::changes`](super::Store::changes).
    pub(super) fn changes(&self) -> Option<u64> {
        self.disk.changes()
    }

    /// Tries whether there is room beside the database, for more than the single page that a small change takes.
    ///
    /// # Errors
    /// When there is none, or nothing can be written at all.
    pub(super) async fn try_room(&self) -> Result<(), StoreError> {
        let scratch = PathBuf::from(beside(&self.path, ".room"));
        let tried = self.disk.try_room(&scratch, ROOM_BYTES).await;
        tried.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
                StoreError::NoRoom
            }
            _ => StoreError::Open(scratch, sqlx::Error::Io(error)),
        })
    }

    fn same(&self, path: &Path, opened: &OnceLock<FileIdentity>) -> Result<(), StoreError> {
        let now = match self.disk.identity(path) {
            Ok(now) => now,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::Replaced(path.to_path_buf()));
            }
            Err(error) => return Err(StoreError::Open(path.to_path_buf(), sqlx::Error::Io(error))),
        };
        if *opened.get_or_init(|| now) == now {
            Ok(())
        } else {
            Err(StoreError::Replaced(path.to_path_buf()))
        }
    }
}

/// The path with something at its end.
pub(super) fn beside(path: &Path, end: &str) -> OsString {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name
}

/// Bytes for which there must be room before a center says that it is ready again: several of the largest batches.
const ROOM_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_or_another_is_seen_and_the_same_one_back_is_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, away) = (folder.path().join("a.sqlite"), folder.path().join("away"));
        std::fs::write(&file, "one").expect("written");
        let place = OpenedFiles::new(&file, Disk::system());
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
}
