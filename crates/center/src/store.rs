//! The database: opening it, bringing it up to date, and knowing that it is ours.
//!
//! `SQLite`, embedded, with a write-ahead log and `synchronous=FULL`: what was committed survives the loss of power.
//! Statements live beside their use, in the subset both of the planned databases understand; what must differ
//! between them is in the module `batch`.

pub(crate) mod batch;
pub(crate) mod checkpoint;
pub(crate) mod row;

use std::borrow::Cow;
use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqlSafeStr};

use crate::sealing::{Cell, Sealer};

/// How long a statement waits for another process that writes (the command line beside a running center).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Rows a statement hands over at once; as many as the largest batch, so that reading one never waits on a channel.
const ROW_BUFFER: usize = 1_024;
/// Prepared statements kept, per connection: each batch statement in each of its seven sizes, and the others.
const STATEMENTS: usize = 200;
/// Memory for pages, per connection, in KiB.
const CACHE_KIB: u32 = 8 * 1_024;
/// Pages the write-ahead log grows to before it is begun anew.
const CHECKPOINT_PAGES: u32 = 16_000;
/// `PRAGMA application_id`: "YANM". A database of another program is not touched.
const APPLICATION_ID: i64 = 0x5941_4E4D;
/// The first number of thirteen digits.
const FIRST_NUMBER: i64 = 1_000_000_000_000;
/// What the canary holds.
const CANARY: &[u8] = b"yanmi";
const CANARY_CELL: Cell<'static> = Cell { table: "site", row: "1", column: "canary" };

/// Every migration, in order: number, name, text.
const MIGRATIONS: [(i64, &str, &str); 1] =
    [(1, "initial", include_str!("../migrations/sqlite/0001_initial.sql"))];

/// Why the database cannot be used. Chinese, and names the setting.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("无法打开数据库 {0}（设置 database）")]
    Open(PathBuf, #[source] sqlx::Error),
    /// It belongs to another program.
    #[error("{0} 是其他程序的数据库，未作改动（设置 database）")]
    Foreign(PathBuf),
    /// It was written by a newer version of yanmi.
    #[error("数据库由更新版本的验密写入（迁移 {0} 本版本不认识），请使用新版本")]
    Newer(i64),
    /// It has not been migrated.
    #[error("数据库结构不是本版本的，请先运行 yanmi migrate")]
    Outdated,
    /// A migration failed.
    #[error("数据库迁移失败")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The key-encryption key is not the one it was made with.
    #[error("密钥加密密钥与数据库不符（设置 keys.encryption_key_file 或环境变量 YANMI_KEY_ENCRYPTION_KEY）")]
    WrongKey,
    /// Another center runs on it.
    #[error("数据库 {0} 正被另一个验密中心使用；嵌入式数据库只能由一个进程运行")]
    InUse(PathBuf),
    /// A statement failed.
    #[error("数据库操作失败")]
    Statement(#[from] sqlx::Error),
    /// A row says something that cannot be.
    #[error("数据库 {table} 表中有不可能的内容：{what}")]
    Impossible {
        /// The table.
        table: &'static str,
        /// What is wrong; never personal.
        what: &'static str,
    },
}

/// An opened database. Cloning is cheap; connections are made on demand.
#[derive(Clone, Debug)]
pub struct Store {
    options: SqliteConnectOptions,
    path: Arc<Path>,
}

/// The right to be the one center on a database; given back when dropped.
#[derive(Debug)]
pub struct Exclusive {
    _lock: File,
}

impl Store {
    /// Opens or creates the database file and brings it up to date.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened, is not ours, or does not belong to the key.
    pub(crate) async fn open(path: &Path, sealer: &Sealer) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
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
        let store = Self { options, path: path.into() };
        store.look_before_opening()?;
        let mut connection = store.connect().await?;
        let prepared = store.prepare(&mut connection, sealer).await;
        // Also when it is not ours to use: what a connection keeps beside the file goes away with it.
        connection.close().await?;
        prepared.map(|()| store)
    }

    async fn prepare(&self, connection: &mut SqliteConnection, sealer: &Sealer) -> Result<(), StoreError> {
        self.check_ours(connection).await?;
        migrate(connection).await?;
        check_site(connection, sealer).await
    }

    /// Opening a database puts it into the journal mode we work in, and so changes it. The file's first bytes tell
    /// a database of another program beforehand; anything else is left to what follows.
    fn look_before_opening(&self) -> Result<(), StoreError> {
        let failed = |error| StoreError::Open(self.path.to_path_buf(), sqlx::Error::Io(error));
        let mut head = Vec::with_capacity(HEAD_BYTES);
        match File::open(&self.path) {
            Ok(file) => file.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        if is_foreign(&head) { Err(StoreError::Foreign(self.path.to_path_buf())) } else { Ok(()) }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<SqliteConnection, StoreError> {
        self.options.connect().await.map_err(|e| StoreError::Open(self.path.to_path_buf(), e))
    }

    /// Takes the right to be the one center on this database, which keeps its newest verifications in memory.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process has it.
    pub(crate) fn take(&self) -> Result<Exclusive, StoreError> {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".lock");
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = open.map_err(|e| StoreError::Open(path.into(), sqlx::Error::Io(e)))?;
        match lock.try_lock() {
            Ok(()) => Ok(Exclusive { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(self.path.to_path_buf())),
            Err(TryLockError::Error(e)) => Err(StoreError::Open(self.path.to_path_buf(), sqlx::Error::Io(e))),
        }
    }

    /// An empty file gets our mark; a file with another mark, or with tables and none, is left alone.
    async fn check_ours(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let mark: i64 = sqlx::query("PRAGMA application_id").fetch_one(&mut *connection).await?.try_get(0)?;
        let tables: i64 = sqlx::query("SELECT count(*) FROM sqlite_master")
            .fetch_one(&mut *connection)
            .await?
            .try_get(0)?;
        match (mark, tables) {
            (APPLICATION_ID, _) => Ok(()),
            (0, 0) => {
                sqlx::query("PRAGMA application_id = 1497452109").execute(&mut *connection).await?;
                Ok(())
            }
            _ => Err(StoreError::Foreign(self.path.to_path_buf())),
        }
    }
}

const _: () = assert!(APPLICATION_ID == 1_497_452_109, "the statement above names it in decimal");

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

async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let migrations = MIGRATIONS.map(|(version, name, text)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
    });
    let migrator = Migrator::with_migrations(migrations.to_vec());
    connection.ensure_migrations_table("_sqlx_migrations").await.map_err(StoreError::Migrate)?;
    let applied =
        connection.list_applied_migrations("_sqlx_migrations").await.map_err(StoreError::Migrate)?;
    if let Some(newer) = applied.iter().find(|m| !migrator.version_exists(m.version)) {
        return Err(StoreError::Newer(newer.version));
    }
    migrator.run_direct(None, connection, false).await.map_err(StoreError::Migrate)
}

/// Makes the site's row, or checks that it was made with the same key.
async fn check_site(connection: &mut SqliteConnection, sealer: &Sealer) -> Result<(), StoreError> {
    let canary = sealer.seal(CANARY_CELL, CANARY);
    sqlx::query("INSERT INTO site (id, canary, next_number) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(canary)
        .bind(FIRST_NUMBER)
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query("SELECT canary FROM site WHERE id = 1").fetch_one(&mut *connection).await?;
    let canary: Vec<u8> = row.try_get(0)?;
    let opened = sealer.open(CANARY_CELL, &canary).map_err(|_| StoreError::WrongKey)?;
    if opened.as_slice() == CANARY { Ok(()) } else { Err(StoreError::WrongKey) }
}
