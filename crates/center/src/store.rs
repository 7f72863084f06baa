//! The database: opening it, bringing it up to date, and knowing that it is ours.
//!
//! Either `SQLite`, embedded, with a write-ahead log and `synchronous=FULL`, held by one process; or PostgreSQL,
//! shared by several. What was committed survives the loss of power in both. Statements live beside their use, written
//! once in the subset both databases understand; what must differ between them is in the module `batch`, and what
//! becomes of a connection that is lost in `link`.

mod answer;
pub(crate) mod batch;
pub(crate) mod checkpoint;
pub(crate) mod connection;
#[cfg(test)]
mod cuts;
mod embedded;
pub(crate) mod error;
mod exclusive;
pub(crate) mod fault;
pub(crate) mod link;
pub(crate) mod listener;
pub mod migrate;
pub(crate) mod node;
pub(crate) mod not_committed;
pub(crate) mod postgres;
mod replica;
pub(crate) mod row;
pub(crate) mod schema;
mod server_problem;
mod shared;
mod shared_connection;
pub(crate) mod site_row;
pub mod skip;
pub(crate) mod span;
pub(crate) mod sqlite;
mod standing;
pub(crate) mod table;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::Database;
use crate::ports::Disk;
use crate::sealing::Sealer;
use crate::telemetry::Telemetry;
use connection::{Connection, Statement};
pub use error::StoreError;
pub use exclusive::Exclusive;
use node::Node;
pub(crate) use replica::Replica;
use schema::{Migrated, PendingMigrations, Schema};
pub use server_problem::{ServerProblem, Servers};

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
    /// An embedded one that several centers share in a world in memory.
    Shared(Box<shared::Shared>),
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
    Migrate { schema: &'a Schema, pending: PendingMigrations },
}

impl Purpose<'_> {
    /// Whether a database that is not there is made. Only an operator who says so makes one: a center that made what it
    /// missed would begin with nothing, and say that all is well.
    fn makes(self) -> bool {
        matches!(self, Self::Migrate { .. })
    }
}

impl Backend {
    fn of(database: &Database, disk: &Disk) -> Self {
        let path = match database {
            Database::Sqlite(path) => path,
            Database::Postgres(settings) => return Self::Postgres(postgres::Postgres::new(settings)),
        };
        let file = sqlite::Sqlite::new(path, disk.clone());
        match disk.server() {
            Some(server) => Self::Shared(Box::new(shared::Shared::new(file, server))),
            None => Self::Sqlite(Box::new(file)),
        }
    }

    /// The file it lies in; nothing where a server of its own has it.
    fn file(&self) -> Option<&sqlite::Sqlite> {
        match self {
            Self::Sqlite(file) => Some(file),
            Self::Shared(shared) => Some(&shared.file),
            Self::Postgres(_) => None,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "{file}"),
            Self::Postgres(servers) => write!(f, "{servers}"),
            Self::Shared(shared) => write!(f, "{}", shared.file),
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
    pub(crate) async fn open(database: &Database, disk: &Disk, sealer: &Sealer) -> Result<Self, StoreError> {
        Ok(Self::enter(database, disk, sealer, Purpose::Use).await?.store)
    }

    /// Makes a database and opens it.
    #[cfg(test)]
    pub(crate) async fn made(database: &Database, sealer: &Sealer) -> Result<Self, StoreError> {
        let (schema, pending) = (&Schema::current(), PendingMigrations::Expand);
        Ok(Self::enter(database, &Disk::system(), sealer, Purpose::Migrate { schema, pending }).await?.store)
    }

    /// The same for a center to run on. An embedded database is held alone, and therefore brought up to date.
    ///
    /// # Errors
    /// The same, and [`StoreError::InUse`] while another process holds it.
    pub(crate) async fn serve(
        database: &Database,
        disk: &Disk,
        sealer: &Sealer,
    ) -> Result<Served, StoreError> {
        let Entered { store, exclusive, node, .. } =
            Self::enter(database, disk, sealer, Purpose::Serve).await?;
        Ok(Served { store, exclusive, node })
    }

    /// Sees what would keep a center from running on the database, and changes nothing. A database that is of this version
    /// is handed back.
    ///
    /// # Errors
    /// What [`Store::serve`] would say.
    pub(crate) async fn look(
        database: &Database,
        disk: &Disk,
        sealer: &Sealer,
        beside: bool,
    ) -> Result<Option<Self>, StoreError> {
        let Entered { store, migrated, .. } =
            Self::enter(database, disk, sealer, Purpose::Look { beside }).await?;
        Ok((migrated.waiting == 0).then_some(store))
    }

    /// Opens a database to be read, beside a running center and without changing anything.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub(crate) async fn to_read(database: &Database, sealer: &Sealer) -> Result<Connection, StoreError> {
        let store = Self::look(database, &Disk::system(), sealer, true).await?.ok_or(StoreError::Outdated)?;
        store.connect_to_read().await
    }

    /// A connection that can change nothing.
    pub(crate) async fn connect_to_read(&self) -> Result<Connection, StoreError> {
        match &self.place {
            Backend::Sqlite(file) => file.connect_to_read().await.map(Connection::Sqlite),
            Backend::Postgres(servers) => {
                let mut connection = Connection::Postgres(servers.connect().await?);
                let read_only = "SET default_transaction_read_only = on";
                connection.run(Statement::new(read_only)).await?;
                Ok(connection)
            }
            Backend::Shared(shared) => shared.connect().await.map(Connection::Shared),
        }
    }

    async fn enter(
        database: &Database,
        disk: &Disk,
        sealer: &Sealer,
        purpose: Purpose<'_>,
    ) -> Result<Entered, StoreError> {
        let place = Backend::of(database, disk);
        if let Some(file) = place.file() {
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
            Purpose::Serve if exclusive.is_some() => (&current, PendingMigrations::All),
            Purpose::Look { .. } if !self.is_shared() => (&current, PendingMigrations::Nothing),
            Purpose::Serve | Purpose::Use | Purpose::Look { .. } => (&current, PendingMigrations::Missed),
            Purpose::Migrate { schema, pending } => (schema, pending),
        };
        match &self.place {
            Backend::Sqlite(file) => file.check_ours(connection).await?,
            Backend::Postgres(servers) => servers.prepare(connection).await?,
            Backend::Shared(shared) => shared.file.check_ours(connection).await?,
        }
        if !purpose.makes() && !schema::is_made(connection).await? {
            return Err(StoreError::NotMade(self.place.to_string()));
        }
        let migrated = schema::run(connection, schema, pending, || self.take().is_ok()).await?;
        if let Connection::Shared(connection) = connection {
            connection.make_tables().await?;
        }
        if !matches!(purpose, Purpose::Look { .. }) {
            site_row::make(connection, sealer).await?;
        }
        site_row::check(connection, sealer).await?;
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
                Backend::Postgres(_) | Backend::Shared(_) => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// From now on `telemetry` is told of connections that were lost.
    pub(crate) fn told_to(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = Some(telemetry);
        self
    }

    /// From now on, for a scratch center, connections take little memory, and commits do not wait for the disk: they outlive the process, but not a
    /// loss of power. Only an embedded database has it so.
    pub(crate) fn for_scratch(mut self, scratch: bool) -> Self {
        if let Backend::Sqlite(file) = &mut self.place
            && scratch
        {
            file.make_scratch();
        }
        self
    }

    /// Whether this is the database of a scratch center.
    pub(crate) fn is_scratch(&self) -> bool {
        matches!(&self.place, Backend::Sqlite(file) if file.is_scratch())
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection, StoreError> {
        match &self.place {
            Backend::Sqlite(file) => file.connect().await.map(Connection::Sqlite),
            Backend::Postgres(servers) => servers.connect().await.map(Connection::Postgres),
            Backend::Shared(shared) => shared.connect().await.map(Connection::Shared),
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
            Backend::Shared(shared) => shared.connect().await.map(Connection::Shared),
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
            Backend::Postgres(_) | Backend::Shared(_) => Ok(()),
        }
    }

    /// A number that is another one after every change, by whomever, where it is known without a trip to the database.
    pub(crate) fn changes(&self) -> Option<u64> {
        match &self.place {
            Backend::Sqlite(file) => file.standing().changes(),
            Backend::Postgres(_) | Backend::Shared(_) => None,
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
        file.standing().try_room().await
    }

    /// Leaves nothing beside an embedded database. Of connections that end at the same moment each takes the other for the
    /// last one, and its log stays; one that ends by itself takes it away.
    pub(crate) async fn end(&self) {
        if !self.is_shared()
            && self.check_place().is_ok()
            && let Ok(last) = self.connect().await
        {
            // The next start takes up what this one may leave.
            let _ = last.close().await;
        }
    }

    /// Whether other centers work on the same database.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.place, Backend::Sqlite(_))
    }

    /// Takes the right to be the one center on an embedded database, which keeps its newest verifications in memory.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process has it.
    fn take(&self) -> Result<Exclusive, StoreError> {
        match &self.place {
            Backend::Sqlite(file) => file.take(),
            Backend::Postgres(_) | Backend::Shared(_) => Ok(Exclusive::of_none()),
        }
    }
}
