//! `SQLite`: opening the file, knowing that it is ours, and holding it alone.

use std::fmt;
use std::fs::TryLockError;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Row};

use super::connection::Connection;
use super::embedded::EmbeddedConnection;
use super::standing::{self, OpenedFiles};
use super::{Exclusive, StoreError};
use crate::ports::Disk;

/// How long a statement waits for another process that writes (the command line beside a running center).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The same for what may be lost.
const BUSY_ASIDE: Duration = Duration::from_secs(1);
/// Rows a statement hands over at once; as many as the largest batch, so that reading one never waits on a channel.
const ROW_BUFFER: usize = 1_024;
/// Prepared statements kept, per connection: each batch statement in each length of its lists
/// that is in use, and the others.
const STATEMENTS: usize = 200;
/// Memory for pages, per connection, in KiB.
const CACHE_KIB: u32 = 8 * 1_024;
/// The same of a scratch center, of which there are many in a process.
const SCRATCH_ROW_BUFFER: usize = 64;
const SCRATCH_STATEMENTS: usize = 8;
const SCRATCH_CACHE_KIB: u32 = 32;
const SCRATCH_CHECKPOINT_PAGES: u32 = 1_000;
/// Pages the write-ahead log grows to before it is begun anew.
const CHECKPOINT_PAGES: u32 = 16_000;
/// `PRAGMA application_id`: "YANM". A database of another program is not touched.
const APPLICATION_ID: i64 = 0x5941_4E4D;

/// A database file.
#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    options: SqliteConnectOptions,
    path: Arc<Path>,
    place: OpenedFiles,
    disk: Disk,
    scratch: bool,
}

impl fmt::Display for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())
    }
}

impl Sqlite {
    pub(crate) fn new(path: &Path, disk: Disk) -> Self {
        let options = SqliteConnectOptions::new();
        let options = match disk.vfs() {
            Some(vfs) => options.vfs(vfs.to_owned()),
            None => options,
        };
        let options = options
            .filename(path)
            // Made by nobody but `look_before_opening`.
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .row_buffer_size(ROW_BUFFER)
            .statement_cache_capacity(STATEMENTS)
            .pragma("cache_size", format!("-{CACHE_KIB}"))
            .pragma("temp_store", "MEMORY")
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
            .disable_statement_logging();
        Self { options, path: path.into(), place: OpenedFiles::new(path, disk.clone()), disk, scratch: false }
    }

    /// Connections opened from now on are those of a scratch center.
    pub(super) fn make_scratch(&mut self) {
        self.scratch = true;
        let options = self.options.clone().synchronous(SqliteSynchronous::Normal);
        self.options = options
            .statement_cache_capacity(SCRATCH_STATEMENTS)
            .row_buffer_size(SCRATCH_ROW_BUFFER)
            .pragma("cache_size", format!("-{SCRATCH_CACHE_KIB}"))
            .pragma("wal_autocheckpoint", SCRATCH_CHECKPOINT_PAGES.to_string());
    }

    pub(super) const fn is_scratch(&self) -> bool {
        self.scratch
    }

    /// Opening a database puts it into the journal mode we work in, and so changes it. The file's first bytes tell
    /// a database of another program beforehand; anything else is left to what follows. One that is not there is made
    /// only when `make` says so, and then for nobody else to read; what is kept beside it is made alike.
    pub(crate) fn look_before_opening(&self, make: bool) -> Result<(), StoreError> {
        let failed = |error| StoreError::Open(self.path.to_path_buf(), sqlx::Error::Io(error));
        let head = match self.disk.head(&self.path, HEAD_BYTES) {
            Ok(head) => head,
            Err(error) if error.kind() == io::ErrorKind::NotFound && make => {
                return self.disk.make(&self.path).map_err(failed);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NotMade(self.to_string()));
            }
            Err(error) => return Err(failed(error)),
        };
        if head.is_empty() && !make {
            return Err(StoreError::NotMade(self.to_string()));
        }
        if is_foreign(&head) { Err(self.foreign()) } else { Ok(()) }
    }

    fn foreign(&self) -> StoreError {
        StoreError::Foreign(self.path.display().to_string())
    }

    pub(crate) async fn connect(&self) -> Result<EmbeddedConnection, StoreError> {
        self.connect_with(&self.options).await
    }

    async fn connect_with(&self, options: &SqliteConnectOptions) -> Result<EmbeddedConnection, StoreError> {
        let opened = self.disk.trip(options.connect()).await;
        let opened = opened.map_err(|e| StoreError::Open(self.path.to_path_buf(), e))?;
        Ok(EmbeddedConnection::new(opened, self.disk.clone()))
    }

    /// One whose commits do not wait for the disk, which never moves pages into the file, and which does not wait long
    /// for others.
    pub(crate) async fn connect_aside(&self) -> Result<EmbeddedConnection, StoreError> {
        let options = self.options.clone().synchronous(SqliteSynchronous::Normal);
        let options = options.busy_timeout(BUSY_ASIDE).pragma("wal_autocheckpoint", "0");
        self.connect_with(&options).await
    }

    /// One that says at once when another one writes.
    pub(super) async fn connect_impatiently(&self) -> Result<EmbeddedConnection, StoreError> {
        self.connect_with(&self.options.clone().busy_timeout(Duration::ZERO)).await
    }

    /// One that changes nothing.
    pub(crate) async fn connect_to_read(&self) -> Result<EmbeddedConnection, StoreError> {
        let options = self.options.clone().pragma("query_only", "ON");
        self.connect_with(&options).await
    }

    /// Which file this is, and whether it still is.
    pub(super) fn standing(&self) -> &OpenedFiles {
        &self.place
    }

    /// Holds the database for a moment, if it was ever held: who only looks leaves nothing behind that others own.
    pub(crate) fn take_if_there(&self) -> Result<Option<Exclusive>, StoreError> {
        let there = self.disk.exists(Path::new(&standing::beside(&self.path, ".lock")));
        there.then(|| self.take()).transpose()
    }

    pub(crate) fn take(&self) -> Result<Exclusive, StoreError> {
        let path = standing::beside(&self.path, ".lock");
        match self.disk.lock(Path::new(&path)) {
            Ok(lock) => Ok(Exclusive::by(lock)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(self.path.to_path_buf())),
            Err(TryLockError::Error(e)) => Err(StoreError::Open(path.into(), sqlx::Error::Io(e))),
        }
    }

    /// An empty file gets our mark; a file with another mark, or with tables and none, is left alone.
    pub(crate) async fn check_ours(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let connection = match connection {
            Connection::Sqlite(connection) => connection,
            Connection::Shared(connection) => connection.embedded()?,
            Connection::Postgres(_) => return Err(self.foreign()),
        };
        let mark = number(connection, "PRAGMA application_id").await?;
        let tables = number(connection, "SELECT count(*) FROM sqlite_master").await?;
        match (mark, tables) {
            (APPLICATION_ID, _) => Ok(()),
            (0, 0) => {
                connection.execute(sqlx::query("PRAGMA application_id = 1497452109")).await?;
                Ok(())
            }
            _ => Err(self.foreign()),
        }
    }
}

/// The one number a query answers.
async fn number(connection: &mut EmbeddedConnection, query: &'static str) -> Result<i64, StoreError> {
    let rows = connection.fetch_all(sqlx::query(query)).await?;
    Ok(rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get(0)?)
}

/// Bytes of a database file that are looked at before it is opened: its header, and that of its first page.
const HEAD_BYTES: usize = 108;

/// Whether a file begins like a database with another mark than ours, or with none and tables in it.
fn is_foreign(head: &[u8]) -> bool {
    if head.len() < HEAD_BYTES || !head.starts_with(b"SQLite format 3\0") {
        return false;
    }
    let mark = i64::from(u32::from_be_bytes([head[68], head[69], head[70], head[71]]));
    // The first page lists the tables: a leaf without cells when there are none.
    let empty = head[100] == 0x0D && head[103..105] == [0, 0];
    mark != APPLICATION_ID && (mark != 0 || !empty)
}

const _: () = assert!(APPLICATION_ID == 1_497_452_109, "the statement above names it in decimal");
