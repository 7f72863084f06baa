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
pub mod fill;
pub(crate) mod link;
pub mod migrate;
pub(crate) mod node;
mod postgres;
pub(crate) mod row;
pub mod skip;
mod sqlite;
mod standing;
pub(crate) mod table;

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::PgConnectOptions;

use crate::config::Database;
use crate::sealing::{Cell, Sealer};
use crate::telemetry::Telemetry;
use connection::{Connection, Statement};
pub use fault::{ServerProblem, Servers};
use migrate::{Migrated, Pending, Schema};
use node::Node;
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
    /// A newer version of yanmi has taken away what this one needs; its newest migration.
    #[error("数据库由更新版本的验密写入（迁移 {0} 本版本不认识），本版本不能再使用它；请换用新版本")]
    Newer(i64),
    /// There is none yet, or nothing in it; where.
    #[error(
        "数据库 {0} 不存在或是空的，没有新建；第一次安装请先运行 yanmi migrate，否则请查明原来的数据库到哪里去了（设置 database）"
    )]
    NotMade(String),
    /// The file that was opened is not there any more, or another one is.
    #[error("数据库文件 {0} 在运行中被删除或替换，不再写入；请停止中心，查明原因，放回原来的文件后重新启动")]
    Replaced(PathBuf),
    /// A sandbox plays it.
    #[error("沙箱把存储设为故障")]
    Withheld,
    /// A disk on which a trial found no room.
    #[error("数据库操作失败：{}", ServerProblem::DiskFull)]
    NoRoom,
    /// It has not been migrated.
    #[error("数据库结构不是本版本的，请先用本版本的程序运行 yanmi migrate（其他节点不必停止）")]
    Outdated,
    /// A contracting migration comes before an expanding one; its number.
    #[error(
        "迁移 {0} 去除旧结构，须先于其后的迁移执行，未作改动；\
         请先把全部节点升级到它所在的版本，再运行 yanmi migrate --contract"
    )]
    ContractFirst(i64),
    /// Centers run that need what a migration takes away.
    #[error(
        "还有 {nodes} 个正在运行的节点需要迁移 {migration} 要去除的结构，没有去除；\
         请先逐个升级或停止它们，再运行 yanmi migrate --contract"
    )]
    OldNodes {
        /// The migration.
        migration: i64,
        /// How many centers.
        nodes: i64,
    },
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

impl StoreError {
    /// What it says, for readers who need not know where the database is: without names of servers and files.
    pub(crate) fn without_address(&self) -> String {
        match self {
            Self::Open(_, error) => format!("无法打开数据库{}", detail(error)),
            Self::Servers(servers) => {
                let problems: std::collections::BTreeSet<String> =
                    servers.0.iter().map(|(_, problem)| problem.to_string()).collect();
                problems.into_iter().collect::<Vec<_>>().join("；")
            }
            Self::Foreign(_) => "是其他程序的数据库".to_owned(),
            Self::NotMade(_) => "数据库不存在或是空的".to_owned(),
            Self::Replaced(_) => "数据库文件在运行中被删除或替换，须停止中心并放回原来的文件".to_owned(),
            Self::InUse(_) => "数据库正被另一个验密中心使用".to_owned(),
            other => other.to_string(),
        }
    }
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
    place: Backend,
    /// Who is told of connections that were lost.
    telemetry: Option<Telemetry>,
    /// Whether a sandbox plays that it takes nothing.
    withheld: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
enum Backend {
    Sqlite(Box<sqlite::Sqlite>),
    Postgres(postgres::Postgres),
}

/// The right to be the one center on a database, where there can be only one; given back when dropped.
#[derive(Debug)]
pub struct Exclusive {
    _lock: Option<File>,
}

/// What a database is opened for.
#[derive(Clone, Copy, Debug)]
enum Purpose<'a> {
    /// To be read and changed beside running centers.
    Use,
    /// To run a center on.
    Serve,
    /// To see whether a center would run on it, and change nothing; while one does, its lock is left alone.
    Look { beside: bool },
    /// To be brought up to date.
    Migrate { schema: &'a Schema, pending: Pending },
}

impl Purpose<'_> {
    /// Whether a database that is not there is made. Only an operator who says so makes one: a center that made what it
    /// missed would begin with nothing, and say that all is well.
    fn makes(self) -> bool {
        matches!(self, Self::Migrate { .. })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "{file}"),
            Self::Postgres(servers) => write!(f, "{servers}"),
        }
    }
}

/// A database that was opened.
#[derive(Debug)]
struct Entered {
    store: Store,
    exclusive: Option<Exclusive>,
    node: Option<Node>,
    migrated: Migrated,
}

/// What a center runs on.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) store: Store,
    pub(crate) exclusive: Option<Exclusive>,
    /// Where others may run too.
    pub(crate) node: Option<Node>,
}

impl Store {
    /// Opens the database, which must be of this version, or of a newer one that this one can work with.
    ///
    /// # Errors
    /// [`StoreError`] when it is not there, cannot be opened, is not ours, was not migrated, or does not belong to the
    /// key.
    pub(crate) async fn open(database: &Database, sealer: &Sealer) -> Result<Self, StoreError> {
        Ok(Self::enter(database, sealer, Purpose::Use).await?.store)
    }

    /// Makes a database and opens it.
    #[cfg(test)]
    pub(crate) async fn made(database: &Database, sealer: &Sealer) -> Result<Self, StoreError> {
        let (schema, pending) = (&Schema::current(), Pending::Expand);
        Ok(Self::enter(database, sealer, Purpose::Migrate { schema, pending }).await?.store)
    }

    /// The same for a center to run on. An embedded database is held alone, and therefore brought up to date.
    ///
    /// # Errors
    /// The same, and [`StoreError::InUse`] while another process holds it.
    pub(crate) async fn serve(database: &Database, sealer: &Sealer) -> Result<Served, StoreError> {
        let Entered { store, exclusive, node, .. } = Self::enter(database, sealer, Purpose::Serve).await?;
        Ok(Served { store, exclusive, node })
    }

    /// Sees what would keep a center from running on the database, and changes nothing. A database that is of this version
    /// is handed back.
    ///
    /// # Errors
    /// What [`Store::serve`] would say.
    pub(crate) async fn look(
        database: &Database,
        sealer: &Sealer,
        beside: bool,
    ) -> Result<Option<Self>, StoreError> {
        let Entered { store, migrated, .. } = Self::enter(database, sealer, Purpose::Look { beside }).await?;
        Ok((migrated.waiting == 0).then_some(store))
    }

    /// Opens a database to be read, beside a running center and without changing anything.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub(crate) async fn to_read(database: &Database, sealer: &Sealer) -> Result<Connection, StoreError> {
        let store = Self::look(database, sealer, true).await?.ok_or(StoreError::Outdated)?;
        match &store.place {
            Backend::Sqlite(file) => file.connect_to_read().await.map(Connection::Sqlite),
            Backend::Postgres(servers) => {
                let mut connection = Connection::Postgres(servers.connect().await?);
                let read_only = "SET default_transaction_read_only = on";
                connection.run(Statement::new(read_only)).await?;
                Ok(connection)
            }
        }
    }

    async fn enter(
        database: &Database,
        sealer: &Sealer,
        purpose: Purpose<'_>,
    ) -> Result<Entered, StoreError> {
        let place = match database {
            Database::Sqlite(path) => Backend::Sqlite(Box::new(sqlite::Sqlite::new(path))),
            Database::Postgres(settings) => Backend::Postgres(postgres::Postgres::new(settings)),
        };
        if let Backend::Sqlite(file) = &place {
            file.look_before_opening(purpose.makes())?;
        }
        let store = Self { place, telemetry: None, withheld: Arc::default() };
        let mut connection = store.connect().await?;
        let prepared = store.prepare(&mut connection, sealer, purpose).await;
        // Also when it is not ours to use: what a connection keeps beside the file goes away with it.
        connection.close().await?;
        let (exclusive, node, migrated) = prepared?;
        Ok(Entered { store, exclusive, node, migrated })
    }

    async fn prepare(
        &self,
        connection: &mut Connection,
        sealer: &Sealer,
        purpose: Purpose<'_>,
    ) -> Result<(Option<Exclusive>, Option<Node>, Migrated), StoreError> {
        let (current, exclusive) = (Schema::current(), self.hold(purpose)?);
        let (schema, pending) = match purpose {
            Purpose::Serve if exclusive.is_some() => (&current, Pending::All),
            Purpose::Look { .. } if !self.is_shared() => (&current, Pending::Nothing),
            Purpose::Serve | Purpose::Use | Purpose::Look { .. } => (&current, Pending::Missed),
            Purpose::Migrate { schema, pending } => (schema, pending),
        };
        match &self.place {
            Backend::Sqlite(file) => file.check_ours(connection).await?,
            Backend::Postgres(servers) => servers.prepare(connection).await?,
        }
        if !purpose.makes() && !migrate::is_made(connection).await? {
            return Err(StoreError::NotMade(self.place.to_string()));
        }
        let migrated = migrate::run(connection, schema, pending, || self.take().is_ok()).await?;
        if !matches!(purpose, Purpose::Look { .. }) {
            make_site(connection, sealer).await?;
        }
        check_site(connection, sealer).await?;
        let node = match purpose {
            // Under the lock of whoever migrates, who therefore sees it.
            Purpose::Serve if self.is_shared() => Some(Node::join(connection, schema.knows()).await?),
            _ => None,
        };
        Ok((exclusive, node, migrated))
    }

    /// A center holds an embedded database before it changes it: one of another version may run on it.
    fn hold(&self, purpose: Purpose<'_>) -> Result<Option<Exclusive>, StoreError> {
        match purpose {
            Purpose::Serve if !self.is_shared() => self.take().map(Some),
            Purpose::Look { beside: false } => match &self.place {
                Backend::Sqlite(file) => file.take_if_there(),
                Backend::Postgres(_) => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// From now on `telemetry` is told of connections that were lost.
    pub(crate) fn told_to(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = Some(telemetry);
        self
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection, StoreError> {
        match &self.place {
            Backend::Sqlite(file) => file.connect().await.map(Connection::Sqlite),
            Backend::Postgres(servers) => servers.connect().await.map(Connection::Postgres),
        }
    }

    /// A new connection for what may be lost: its commits do not wait for the disk.
    pub(crate) async fn connect_aside(&self) -> Result<Connection, StoreError> {
        match &self.place {
            Backend::Sqlite(file) => file.connect_aside().await.map(Connection::Sqlite),
            Backend::Postgres(servers) => {
                let mut connection = Connection::Postgres(servers.connect().await?);
                connection.run(Statement::new("SET synchronous_commit = off")).await?;
                Ok(connection)
            }
        }
    }

    /// Whether the database is still the one that was opened.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] when a file is gone, or another one is in its place.
    pub(crate) fn check_place(&self) -> Result<(), StoreError> {
        if self.withheld.load(Ordering::Relaxed) {
            return Err(StoreError::Withheld);
        }
        match &self.place {
            Backend::Sqlite(file) => file.standing().check(),
            // Its server has the files.
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Has it take nothing, or everything again.
    pub(crate) fn withhold(&self, withheld: bool) {
        self.withheld.store(withheld, Ordering::Relaxed);
    }

    /// Tries whether there is room for more than the smallest change, where that is known only to who writes the file.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn try_room(&self) -> Result<(), StoreError> {
        let Backend::Sqlite(file) = &self.place else { return Ok(()) };
        let scratch = file.standing().scratch();
        // A trial that panics found nothing.
        tokio::task::spawn_blocking(move || standing::try_room(&scratch)).await.unwrap_or(Ok(()))
    }

    /// Whether other centers work on the same database.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.place, Backend::Postgres(_))
    }

    /// Where to listen to what other centers have changed; nothing where there are none.
    pub(crate) async fn listening(&self) -> Result<Option<PgConnectOptions>, StoreError> {
        match &self.place {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(servers) => servers.writable().await.map(Some),
        }
    }

    /// Takes the right to be the one center on an embedded database, which keeps its newest verifications in memory.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process has it.
    fn take(&self) -> Result<Exclusive, StoreError> {
        match &self.place {
            Backend::Sqlite(file) => file.take(),
            Backend::Postgres(_) => Ok(Exclusive { _lock: None }),
        }
    }
}

/// Makes the site's row, if there is none.
async fn make_site(connection: &mut Connection, sealer: &Sealer) -> Result<(), StoreError> {
    const MAKE: &str =
        "INSERT INTO site (id, canary, next_number) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING";
    let canary = sealer.seal(CANARY_CELL, CANARY);
    connection.run(Statement::new(MAKE).bytes(&canary).number(FIRST_NUMBER)).await.map(drop)
}

/// Checks that the site's row was made with the same key.
async fn check_site(connection: &mut Connection, sealer: &Sealer) -> Result<(), StoreError> {
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
