//! What an embedded database lies on: the system's files, or a disk that somebody hands in.
//!
//! A disk of somebody's own is under the database's own library: a VFS it knows by name. The driver runs each connection on
//! a thread of its own, so on such a disk whoever asks waits for the answer with its thread ([`Disk::trip`]): nothing else
//! happens meanwhile, no time of a paused runtime passes, and what is done in one transaction is done at once. How long it
//! took is said afterwards by the disk ([`Disk::settle`]).

use std::fmt;
use std::fs::{File, TryLockError};
use std::future::Future;
use std::io::{self, Read};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use super::server::DatabaseServer;

/// A device and a number on it: the same for as long as it is the same file.
pub type FileIdentity = (u64, u64);
/// What holds a file alone until it is dropped.
pub type FileLock = Box<dyn Send + Sync>;

/// What a disk is asked for beside what goes through the database's library.
pub trait Medium: Send + Sync {
    /// The name under which the database's library knows the disk.
    fn vfs(&self) -> &str;
    /// The first bytes of a file, at most so many.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    fn head(&self, path: &Path, bytes: usize) -> io::Result<Vec<u8>>;
    /// Makes an empty file that is not there yet.
    ///
    /// # Errors
    /// When it is there, or cannot be made.
    fn make(&self, path: &Path) -> io::Result<()>;
    /// Whether there is such a file.
    fn exists(&self, path: &Path) -> bool;
    /// Which file it is.
    ///
    /// # Errors
    /// When it is not there.
    fn identity(&self, path: &Path) -> io::Result<FileIdentity>;
    /// Holds a file alone, which is made if it is not there.
    ///
    /// # Errors
    /// When another holds it, or it cannot be made.
    fn lock(&self, path: &Path) -> Result<FileLock, TryLockError>;
    /// Writes so many bytes to a new file, waits until they are kept, and removes it.
    ///
    /// # Errors
    /// When there is no room, or nothing can be written.
    fn try_room(&self, path: &Path, bytes: usize) -> io::Result<()>;
    /// How long what was just done took.
    fn took(&self, work: DiskWork) -> Duration;
    /// Who stands before a database that several centers share; nobody where one center has it alone.
    fn server(&self) -> Option<Arc<dyn DatabaseServer>> {
        None
    }
    /// A number that is another one after everything that changes a file; nothing where that cannot be told.
    fn changes(&self) -> Option<u64> {
        None
    }
}

/// What was done on a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiskWork {
    /// Something was read, outside of a transaction.
    Read,
    /// A transaction was committed.
    Commit,
}

/// What an embedded database lies on. Clones are the same disk.
#[derive(Clone)]
pub struct Disk(Option<Arc<dyn Medium>>);

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Disk(given)" } else { "Disk(system)" })
    }
}

impl Disk {
    /// The system's files.
    pub const fn system() -> Self {
        Self(None)
    }

    /// Somebody's own.
    pub fn given(medium: impl Medium + 'static) -> Self {
        Self(Some(Arc::new(medium)))
    }

    /// The name of the VFS, where it is not the library's own.
    pub(crate) fn vfs(&self) -> Option<&str> {
        self.0.as_ref().map(|medium| medium.vfs())
    }

    pub(crate) fn head(&self, path: &Path, bytes: usize) -> io::Result<Vec<u8>> {
        if let Some(medium) = &self.0 {
            return medium.head(path, bytes);
        }
        let mut head = Vec::with_capacity(bytes);
        File::open(path)?.take(bytes as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    /// Makes a file that only its owner may read.
    pub(crate) fn make(&self, path: &Path) -> io::Result<()> {
        match &self.0 {
            Some(medium) => medium.make(path),
            None => private(File::options().create_new(true)).open(path).map(drop),
        }
    }

    pub(crate) fn exists(&self, path: &Path) -> bool {
        self.0.as_ref().map_or_else(|| path.exists(), |medium| medium.exists(path))
    }

    pub(crate) fn identity(&self, path: &Path) -> io::Result<FileIdentity> {
        self.0.as_ref().map_or_else(|| identity(path), |medium| medium.identity(path))
    }

    pub(crate) fn lock(&self, path: &Path) -> Result<FileLock, TryLockError> {
        if let Some(medium) = &self.0 {
            return medium.lock(path);
        }
        let lock = private(File::options().create(true).truncate(false)).open(path);
        let lock = lock.map_err(TryLockError::Error)?;
        lock.try_lock()?;
        Ok(Box::new(lock))
    }

    /// Tries whether so many bytes can be kept in a new file, which is removed.
    pub(crate) async fn try_room(&self, path: &Path, bytes: usize) -> io::Result<()> {
        if let Some(medium) = &self.0 {
            return medium.try_room(path, bytes);
        }
        let path = path.to_owned();
        // A trial that panics found nothing.
        tokio::task::spawn_blocking(move || try_room(&path, bytes)).await.unwrap_or(Ok(()))
    }

    pub(crate) fn server(&self) -> Option<Arc<dyn DatabaseServer>> {
        self.0.as_ref().and_then(|medium| medium.server())
    }

    /// A number that is another one after everything that changes a file. Of the system's files there is none.
    pub(crate) fn changes(&self) -> Option<u64> {
        self.0.as_ref()?.changes()
    }

    /// Goes to the database and back.
    pub(crate) async fn trip<T>(&self, trip: impl Future<Output = T>) -> T {
        if self.0.is_some() { at_once(trip) } else { trip.await }
    }

    /// Goes there and back for whoever cannot wait otherwise, because it is being dropped.
    pub(crate) fn last_trip<T>(trip: impl Future<Output = T>) -> T {
        at_once(trip)
    }

    /// Lets the time pass that what was just done took, where the disk is not the system's, on which it has passed.
    pub(crate) async fn settle(&self, work: DiskWork) {
        if let Some(medium) = &self.0 {
            tokio::time::sleep(medium.took(work)).await;
        }
    }
}

/// A file that only its owner may read, when it is made.
pub(crate) fn private(options: &mut std::fs::OpenOptions) -> &mut std::fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<FileIdentity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Where files have no number, open ones cannot be replaced.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<FileIdentity> {
    std::fs::metadata(path).map(|_| (0, 0))
}

fn try_room(path: &Path, bytes: usize) -> io::Result<()> {
    let tried = fill(path, bytes);
    // Nothing to be done about one that stays: the next trial takes its place.
    let _ = std::fs::remove_file(path);
    tried
}

fn fill(path: &Path, bytes: usize) -> io::Result<()> {
    use std::io::Write;
    let mut file = private(File::options().create(true).truncate(true)).open(path)?;
    file.write_all(&vec![0x59; bytes])?;
    file.sync_all()
}

/// Wakes a thread that waits.
struct ThreadWaker(Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The answer of another thread, waited for with this one.
fn at_once<T>(trip: impl Future<Output = T>) -> T {
    let mut trip = pin!(trip);
    let waker = Waker::from(Arc::new(ThreadWaker(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match trip.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_is_tried_and_nothing_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.room");
        Disk::system().try_room(&path, 1_024).await.expect("room");
        assert!(!path.exists());
        assert!(Disk::system().try_room(&folder.path().join("none/a.room"), 1_024).await.is_err());
    }

    #[test]
    fn an_answer_of_another_thread_is_waited_for_without_a_runtime() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let teller = std::thread::spawn(move || tell.send(7));
        assert_eq!(at_once(told), Ok(7));
        teller.join().expect("no panic").expect("somebody listens");
    }
}
