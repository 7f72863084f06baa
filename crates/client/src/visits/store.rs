//! The file beneath the visits, and how threads share its commits.
//!
//! A commit waits for the disk. Whoever wants to write puts a job into the queue and then asks for the connection; who
//! gets it takes everything that is in the queue, does it in one transaction, commits once, and leaves each caller's
//! result where that caller finds it. So there is no thread of our own to start or to end, a single caller waits for
//! nothing but its own commit, and many callers share one.
//!
//! A job that fails is rolled back alone (savepoints); a commit that fails, fails for all of them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};

use super::error::VisitsError;
use super::sealing::Sealer;
use crate::ambient::Ambient;
use crate::gate::{Medium, Visit, VisitId};

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Jobs one commit may hold.
const MAX_BATCH: usize = 256;
/// `PRAGMA application_id`: "YANV". A database of another program is not touched.
const APPLICATION_ID: i64 = 0x5941_4E56;
/// `PRAGMA user_version`.
const VERSION: i64 = 1;

const SCHEMA: &str = "
    -- One row a visit. What it says is sealed; the times are there to delete it by.
    CREATE TABLE visits (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        -- Keyed hash of the institution's own number.
        reference BLOB CHECK (length(reference) = 16),
        begun_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        record BLOB NOT NULL
    ) STRICT;
    CREATE INDEX visits_changed_at ON visits (changed_at);
    CREATE INDEX visits_reference ON visits (reference) WHERE reference IS NOT NULL;
    -- Keyed hashes of the serial numbers of notices: an answer that was another visit's is not believed.
    CREATE TABLE serials (
        serial BLOB NOT NULL PRIMARY KEY CHECK (length(serial) = 16),
        visit BLOB NOT NULL REFERENCES visits (id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX serials_visit ON serials (visit);
    -- One sealed record of no visit, to tell a wrong key at once.
    CREATE TABLE canary (id BLOB NOT NULL PRIMARY KEY, record BLOB NOT NULL) STRICT;
    PRAGMA application_id = 1497452118;
    PRAGMA user_version = 1;
";

/// Keyed hashes of the centers and accounts whose answers carried a mac once.
const PROVEN: &str = "
    CREATE TABLE IF NOT EXISTS proven_centers (
        center BLOB NOT NULL PRIMARY KEY CHECK (length(center) = 16)
    ) STRICT, WITHOUT ROWID;
";

const _: () = assert!(APPLICATION_ID == 1_497_452_118, "the schema names it in decimal");

/// Told the result of the commit, leaves the job's own where its caller looks for it.
type Publish = Box<dyn FnOnce(Result<(), VisitsError>) + Send>;
type Job = Box<dyn FnOnce(&Connection) -> (bool, Publish) + Send>;

pub(super) struct Store {
    file: PathBuf,
    queue: Mutex<Vec<Job>>,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("file", &self.file).finish_non_exhaustive()
    }
}

/// A panic elsewhere has not hurt what is behind the lock: transactions roll back by themselves.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    pub(super) fn open(file: &Path, sealer: &Sealer, ambient: &dyn Ambient) -> Result<Self, VisitsError> {
        let failed = |error: rusqlite::Error| failed(file, &error);
        // Made by us, for nobody else to read; what is kept beside it is made alike. One that is there is left as it is.
        let _ = crate::private::making().open(file);
        let mut writer = Connection::open(file).map_err(failed)?;
        writer.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        check_ours(&writer, file)?;
        set_up(&writer).map_err(failed)?;
        make(&mut writer).map_err(failed)?;
        check_key(&mut writer, file, sealer, ambient)?;
        let reader = Connection::open(file).map_err(failed)?;
        reader.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        set_up(&reader).map_err(failed)?;
        let (writer, reader) = (Mutex::new(writer), Mutex::new(reader));
        Ok(Self { file: file.to_owned(), queue: Mutex::default(), writer, reader })
    }

    /// Looks, on a connection that waits for no commit.
    pub(super) fn read<R>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<R>,
    ) -> Result<R, VisitsError> {
        look(&lock(&self.reader)).map_err(|error| failed(&self.file, &error))
    }

    /// Does a job in a transaction, and answers after its commit.
    pub(super) fn write<R: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, VisitsError> {
        let slot: Arc<Mutex<Option<Result<R, VisitsError>>>> = Arc::default();
        let place = Arc::clone(&slot);
        let file = self.file.clone();
        lock(&self.queue).push(Box::new(move |connection| {
            let done = job(connection).map_err(|error| failed(&file, &error));
            let keep = done.is_ok();
            let publish = move |committed: Result<(), VisitsError>| {
                *lock(&place) = Some(committed.and(done));
            };
            let publish: Publish = Box::new(publish);
            (keep, publish)
        }));
        let mut connection = lock(&self.writer);
        loop {
            if let Some(result) = lock(&slot).take() {
                return result;
            }
            let jobs = self.next_batch();
            if jobs.is_empty() {
                // Whoever had the job has ended without a result.
                return Err(VisitsError::Interrupted);
            }
            self.commit(&mut connection, jobs);
        }
    }

    fn next_batch(&self) -> Vec<Job> {
        let mut queue = lock(&self.queue);
        let count = queue.len().min(MAX_BATCH);
        queue.drain(..count).collect()
    }

    fn commit(&self, connection: &mut Connection, jobs: Vec<Job>) {
        let mut results = Vec::with_capacity(jobs.len());
        let committed = (|| {
            let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for job in jobs {
                let savepoint = transaction.savepoint()?;
                let (keep, publish) = job(&savepoint);
                results.push(publish);
                // Dropped without it, a savepoint rolls back.
                if keep {
                    savepoint.commit()?;
                }
            }
            transaction.commit()
        })();
        let committed = committed.map_err(|error| failed(&self.file, &error));
        for publish in results {
            publish(committed.clone());
        }
    }
}

fn failed(file: &Path, error: &rusqlite::Error) -> VisitsError {
    let why = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "磁盘已满".to_owned(),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "没有写入权限".to_owned(),
        Some(ErrorCode::CannotOpen) => "无法打开（文件夹不存在或没有权限）".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "被其他程序占用".to_owned(),
        Some(ErrorCode::DatabaseCorrupt) => "文件已损坏".to_owned(),
        Some(ErrorCode::NotADatabase) => return VisitsError::Foreign(file.to_owned()),
        _ => error.to_string(),
    };
    VisitsError::Database { file: file.to_owned(), why }
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// An empty file becomes ours; a file with another mark, or with tables and none, is left alone.
fn check_ours(connection: &Connection, file: &Path) -> Result<(), VisitsError> {
    let look = || -> rusqlite::Result<(i64, i64, i64)> {
        let tables = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        Ok((pragma(connection, "application_id")?, pragma(connection, "user_version")?, tables))
    };
    match look().map_err(|error| failed(file, &error))? {
        (APPLICATION_ID, version, _) if version > VERSION => Err(VisitsError::Newer(file.to_owned())),
        (APPLICATION_ID, ..) | (0, 0, 0) => Ok(()),
        _ => Err(VisitsError::Foreign(file.to_owned())),
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
    )
}

/// Makes the tables, unless another process did in the meantime.
fn make(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if pragma(&transaction, "user_version")? == 0 {
        transaction.execute_batch(SCHEMA)?;
    }
    // Of a later version than the rest; the one before leaves it alone.
    transaction.execute_batch(PROVEN)?;
    transaction.commit()
}

/// The canary opens with the key, or is put there.
fn check_key(
    connection: &mut Connection,
    file: &Path,
    sealer: &Sealer,
    ambient: &dyn Ambient,
) -> Result<(), VisitsError> {
    let nobody = VisitId::from_bytes([0; 16]);
    let failed = |error: rusqlite::Error| failed(file, &error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found: Option<Vec<u8>> = transaction
        .query_row("SELECT record FROM canary", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    if let Some(record) = found {
        sealer.open(nobody, &record).map_err(|_| VisitsError::AnotherKey(file.to_owned()))?;
    } else {
        let visit = Visit::begin(nobody, Medium::Other, None, ambient.now()).map_err(VisitsError::Step)?;
        let values = (nobody.bytes(), sealer.seal(&visit, ambient));
        transaction.execute("INSERT INTO canary (id, record) VALUES (?1, ?2)", values).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}
