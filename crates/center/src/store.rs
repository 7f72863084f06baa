//! The database: opening it, bringing it up to date, and knowing that it is ours.
//!
//! Either `SQLite`, embedded, with a write-ahead log and `synchronous=FULL`, held by one process; or PostgreSQL,
//! shared by several. What was committed survives the loss of power in both. Statements live beside their use, written
//! once in the subset both databases understand; what must differ between them is in the module `batch`, and what
//! becomes of a connection that is lost in `link`.

pub(crate) mod batch;
pub(crate) mod checkpoint;
pub(crate) mod connection;
pub mod copy;
mod fault;
pub(crate) mod link;
mod migrate;
mod postgres;
pub(crate) mod row;
pub mod skip;
mod sqlite;

use std::fs::File;
use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;

use crate::config::Database;
use crate::sealing::{Cell, Sealer};
use crate::telemetry::Telemetry;
use connection::{Connection, Statement};
pub use fault::{ServerProblem, Servers};
use row::Columns;

/// The first number of thirteen digits.
const FIRST_NUMBER: i64 = 1_000_000_000_000;
/// What the canary holds.
const CANARY: &[u8] = b"yanmi";
const CANARY_CELL: Cell<'static> = Cell { table: "site", row: "1", column: "canary" };

/// Why the database cannot be used. Chinese, and names the setting.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened.
    #[error("无法打开数据库 {0}（设置 database）")]
    Open(PathBuf, #[source] sqlx::Error),
    /// No server can be used.
    #[error("无法使用数据库：{0}")]
    Servers(Servers),
    /// It belongs to another program.
    #[error("{0} 是其他程序的数据库，未作改动（设置 database）")]
    Foreign(String),
    /// It was written by a newer version of yanmi.
    #[error("数据库由更新版本的验密写入（迁移 {0} 本版本不认识），请使用新版本")]
    Newer(i64),
    /// It has not been migrated.
    #[error("数据库结构不是本版本的，请先运行 yanmi migrate")]
    Outdated,
    /// A migration failed.
    #[error("数据库迁移失败{}", migration_detail(.0))]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The key-encryption key is not the one it was made with.
    #[error("密钥加密密钥与数据库不符（设置 keys.encryption_key_file 或环境变量 YANMI_KEY_ENCRYPTION_KEY）")]
    WrongKey,
    /// A site was to be copied into it, and not all of it is there.
    #[error(
        "数据库是一次没有完成的搬迁的目标，不能使用；请再次运行 yanmi store copy 直到完成（设置 database）"
    )]
    Unfinished,
    /// There are not so many numbers left; how many there are.
    #[error("流水号只剩 {0} 个，不够跳过，未作改动（选项 --by 与 --past）")]
    TooFewNumbers(i64),
    /// Another center runs on it.
    #[error("数据库 {0} 正被另一个验密中心使用；嵌入式数据库只能由一个进程运行")]
    InUse(PathBuf),
    /// A statement failed.
    #[error("数据库操作失败{}", detail(.0))]
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

/// What an operator can do about a statement that failed, when the server says more than that.
fn detail(error: &sqlx::Error) -> String {
    match ServerProblem::of(error) {
        ServerProblem::Other(_) => String::new(),
        problem => format!("：{problem}"),
    }
}

fn migration_detail(error: &sqlx::migrate::MigrateError) -> String {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    match error {
        Execute(error) | ExecuteMigration(error, _) => detail(error),
        _ => String::new(),
    }
}

/// An opened database. Cloning is cheap; connections are made on demand.
#[derive(Clone, Debug)]
pub struct Store {
    place: Place,
    /// Who is told of connections that were lost.
    telemetry: Option<Telemetry>,
}

#[derive(Clone, Debug)]
enum Place {
    Sqlite(Box<sqlite::Sqlite>),
    Postgres(postgres::Postgres),
}

/// The right to be the one center on a database, where there can be only one; given back when dropped.
#[derive(Debug)]
pub struct Exclusive {
    _lock: Option<File>,
}

impl Store {
    /// Opens or creates the database and brings it up to date.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened, is not ours, or does not belong to the key.
    pub(crate) async fn open(database: &Database, sealer: &Sealer) -> Result<Self, StoreError> {
        let place = match database {
            Database::Sqlite(path) => Place::Sqlite(Box::new(sqlite::Sqlite::new(path))),
            Database::Postgres(settings) => Place::Postgres(postgres::Postgres::new(settings)),
        };
        if let Place::Sqlite(file) = &place {
            file.look_before_opening()?;
        }
        let store = Self { place, telemetry: None };
        let mut connection = store.connect().await?;
        let prepared = store.prepare(&mut connection, sealer).await;
        // Also when it is not ours to use: what a connection keeps beside the file goes away with it.
        connection.close().await?;
        prepared.map(|()| store)
    }

    async fn prepare(&self, connection: &mut Connection, sealer: &Sealer) -> Result<(), StoreError> {
        match (&self.place, &mut *connection) {
            (Place::Sqlite(file), Connection::Sqlite(connection)) => file.prepare(connection).await?,
            (Place::Postgres(servers), Connection::Postgres(connection)) => {
                servers.prepare(connection).await?;
            }
            // Each place makes connections of its own kind.
            _ => {}
        }
        check_site(connection, sealer).await
    }

    /// From now on `telemetry` is told of connections that were lost.
    pub(crate) fn told_to(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = Some(telemetry);
        self
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection, StoreError> {
        match &self.place {
            Place::Sqlite(file) => file.connect().await.map(Connection::Sqlite),
            Place::Postgres(servers) => servers.connect().await.map(Connection::Postgres),
        }
    }

    /// Whether other centers work on the same database.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.place, Place::Postgres(_))
    }

    /// Where to listen to what other centers have changed; nothing where there are none.
    pub(crate) async fn listening(&self) -> Result<Option<PgConnectOptions>, StoreError> {
        match &self.place {
            Place::Sqlite(_) => Ok(None),
            Place::Postgres(servers) => servers.writable().await.map(Some),
        }
    }

    /// Takes the right to be the one center on an embedded database, which keeps its newest verifications in memory.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process has it.
    pub(crate) fn take(&self) -> Result<Exclusive, StoreError> {
        match &self.place {
            Place::Sqlite(file) => file.take(),
            Place::Postgres(_) => Ok(Exclusive { _lock: None }),
        }
    }
}

/// Makes the site's row, or checks that it was made with the same key.
async fn check_site(connection: &mut Connection, sealer: &Sealer) -> Result<(), StoreError> {
    const MAKE: &str =
        "INSERT INTO site (id, canary, next_number) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING";
    let canary = sealer.seal(CANARY_CELL, CANARY);
    connection.run(Statement::new(MAKE).bytes(&canary).number(FIRST_NUMBER)).await?;
    let found = connection.fetch(Statement::new("SELECT canary FROM site WHERE id = 1")).await?;
    let missing = StoreError::Impossible { table: "site", what: "没有站点记录" };
    let row = found.iter().next().ok_or(missing)?;
    let found = Columns::new(row, "site").bytes()?;
    if copy::is_unfinished(found) {
        return Err(StoreError::Unfinished);
    }
    let opened = sealer.open(CANARY_CELL, found);
    if opened.is_ok_and(|opened| opened.as_slice() == CANARY) { Ok(()) } else { Err(StoreError::WrongKey) }
}
