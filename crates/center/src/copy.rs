//! Moving a small site up: from the embedded database to PostgreSQL, without loss.
//!
//! # What is guaranteed
//!
//! Either the target is a site, and then every row of the source is in it, byte for byte, which was verified; or no
//! center starts on it. There is nothing in between, whenever the copy or the server is killed.
//!
//! - **The source stands still.** No center runs on it, by the lock a center takes; nobody else changes it, because a
//!   transaction that would write is open on it, and never writes.
//! - **The target is marked first** (`target`), in the row a center looks at when it starts, and unmarked last.
//! - **Rows go in the order of their keys**, a page in each transaction. So what the target holds of a table is its
//!   beginning, and where to go on stands in the target itself: after its last key. There is no other progress to be
//!   kept, and none that could disagree. Pages are committed without waiting for the disk; the last commit waits, and
//!   what is committed reaches the disk in order.
//! - **Both are read again from their beginnings** when everything is there: the number of rows and the hash of all
//!   values in the order of the key must be the same for every table.
//!
//! What is sealed is bound to table, row and column, not to the database, and is copied as it is; so is the canary, and
//! the key-encryption key stays what it was.
//!
//! # What is not
//!
//! The source is left as it is. That nobody starts a center on it again is up to the operator; numbers that it would
//! give out then are not given out by the target.

mod compared;
mod error;
mod page;
mod target;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use yanmi_protocol::Sm4Key;

use crate::config::PostgresSettings;
use crate::ports::{Disk, Entropy};
use crate::sealing::Sealer;
use crate::store::batch::{Insert, Rows, Script, Session};
use crate::store::connection::{Connection, Statement};
use crate::store::schema::{Migrated, PendingMigrations, Schema};
use crate::store::table::{PrimaryKey, Table};
use crate::store::{Exclusive, StoreError, postgres, schema, sqlite};
use crate::tables;
pub use compared::Compared;
pub use error::{CopyError, TargetProblem};
use page::Summing;
pub use page::TableSum;
pub use target::Beginning;
use target::SiteRow;

/// From where to where.
#[derive(Clone, Debug)]
pub struct Move {
    /// The file of the source.
    pub from: PathBuf,
    /// The target.
    pub to: PostgresSettings,
    /// The key-encryption key of the site.
    pub key: Sm4Key,
}

/// What a copy is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Rows are copied.
    Copying,
    /// Rows of both databases are compared.
    Verifying,
}

/// How far a copy is; told after every page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// What is done.
    pub stage: Stage,
    /// The table it is done with.
    pub table: &'static str,
    /// Whether this table is done.
    pub table_done: bool,
    /// Rows done, of all tables.
    pub done: u64,
    /// Rows altogether.
    pub total: u64,
    /// Of the rows done, those that an earlier copy had left.
    pub kept: u64,
}

/// A finished copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// How it began.
    pub beginning: Beginning,
    /// Every table, verified.
    pub tables: Vec<Compared>,
}

/// Copies a site. `tell` is told of the progress after each page, and may end the copy there; called again, it goes on.
///
/// # Errors
/// [`CopyError`]; no center starts on the target then.
pub async fn copy(
    what: &Move,
    entropy: Entropy,
    tell: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Copied, CopyError> {
    let sealer = Sealer::new(&what.key, entropy);
    let mut source = Source::open(&what.from, &sealer).await?;
    let copied = async {
        let mut target = open_target(&what.to).await.map_err(CopyError::Target)?;
        let copied = Copying { source: &mut source, target: &mut target, tell, done: 0, total: 0, kept: 0 }
            .run(&sealer)
            .await;
        // What went wrong before tells more, and everything that counts is committed.
        let _ = target.close().await;
        copied
    }
    .await;
    source.close().await;
    copied
}

/// The source, kept from changing.
struct Source {
    connection: Connection,
    site: SiteRow,
    _exclusive: Exclusive,
}

impl Source {
    async fn open(path: &Path, sealer: &Sealer) -> Result<Self, CopyError> {
        let there = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0);
        let none = || CopyError::NoSource(path.to_owned());
        if !there {
            return Err(none());
        }
        let file = sqlite::Sqlite::new(path, Disk::system());
        file.look_before_opening(false).map_err(CopyError::Source)?;
        // Before the file is touched: a center of an older version may be running on it.
        let exclusive = file.take().map_err(|error| match error {
            StoreError::InUse(path) => CopyError::SourceInUse(path),
            error => CopyError::Source(error),
        })?;
        let mut connection = Connection::Sqlite(file.connect().await.map_err(CopyError::Source)?);
        file.check_ours(&mut connection).await.map_err(CopyError::Source)?;
        let migrated =
            schema::run(&mut connection, &Schema::current(), PendingMigrations::All, || true).await;
        migrated.and_then(Migrated::exactly).map_err(CopyError::Source)?;
        connection.begin().await.map_err(CopyError::Source)?;
        let site = SiteRow::read(&mut connection).await.map_err(CopyError::Source)?.ok_or_else(none)?;
        if !site.opens(sealer) {
            return Err(CopyError::Source(StoreError::WrongKey));
        }
        Ok(Self { connection, site, _exclusive: exclusive })
    }

    async fn close(mut self) {
        // Nothing was written; the file is as it was whatever becomes of this.
        let _ = self.connection.roll_back().await;
        let _ = self.connection.close().await;
    }
}

/// Not the name of a center's connections.
const RENAME: &str = "SET application_name = 'yanmi store copy'";

async fn open_target(settings: &PostgresSettings) -> Result<Connection, StoreError> {
    let servers = postgres::Postgres::new(settings);
    let mut preparing = Connection::Postgres(servers.connect().await?);
    let prepared = match servers.prepare(&mut preparing).await {
        Ok(()) => schema::run(&mut preparing, &Schema::current(), PendingMigrations::Missed, || false)
            .await
            .and_then(Migrated::exactly),
        Err(error) => Err(error),
    };
    // What the server still shows of it for a moment is no center's.
    let renamed = preparing.run(Statement::new(RENAME)).await;
    // A connection of its own: with it ends the lock under which one at a time migrates.
    preparing.close().await?;
    prepared.and(renamed)?;
    let mut connection = Connection::Postgres(servers.connect().await?);
    connection.run(Statement::new(RENAME)).await?;
    connection.run(Statement::new("SET synchronous_commit = off")).await?;
    Ok(connection)
}

/// A copy under way.
struct Copying<'a, F> {
    source: &'a mut Source,
    target: &'a mut Connection,
    tell: F,
    done: u64,
    total: u64,
    kept: u64,
}

impl<F: FnMut(&Progress) -> ControlFlow<()>> Copying<'_, F> {
    async fn run(mut self, sealer: &Sealer) -> Result<Copied, CopyError> {
        target::lock(self.target).await?;
        let beginning = target::claim(self.target, &self.source.site, sealer).await?;
        for table in tables::all() {
            self.total += self.count(table, None).await?;
        }
        if beginning != Beginning::Finished {
            for table in tables::all() {
                self.copy(table).await?;
            }
        }
        let tables = self.compare().await?;
        if !tables.iter().all(Compared::is_alike) {
            target::spoil(self.target, &self.source.site).await.map_err(CopyError::Target)?;
            return Err(CopyError::Different(tables));
        }
        if beginning != Beginning::Finished {
            target::finish(self.target, &self.source.site).await.map_err(CopyError::Target)?;
        }
        Ok(Copied { beginning, tables })
    }

    async fn count(&mut self, table: &Table, upto: Option<&PrimaryKey>) -> Result<u64, CopyError> {
        page::count(&mut self.source.connection, table.count(upto)).await.map_err(CopyError::Source)
    }

    fn tell(&mut self, stage: Stage, table: &Table, table_done: bool) -> Result<(), CopyError> {
        let (done, total, kept) = (self.done, self.total, self.kept);
        let progress = Progress { stage, table: table.name(), table_done, done, total, kept };
        match (self.tell)(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(CopyError::Stopped),
        }
    }

    /// Copies what the target lacks of a table. The next page is read while one is written.
    async fn copy(&mut self, table: &Table) -> Result<(), CopyError> {
        let mut last = page::last_key(self.target, table).await.map_err(CopyError::Target)?;
        if last.is_some() {
            let kept = self.count(table, last.as_ref()).await?;
            self.done += kept;
            self.kept += kept;
        }
        let mut rows = self.read(table, last.as_ref()).await?;
        while !rows.is_empty() {
            let count = rows.len() as u64;
            last = table.key_of_last(&rows);
            let read = page::read(&mut self.source.connection, table, last.as_ref());
            let (written, next) = tokio::join!(write(self.target, table, rows), read);
            written.map_err(CopyError::Target)?;
            rows = next.map_err(CopyError::Source)?;
            self.done += count;
            self.tell(Stage::Copying, table, false)?;
        }
        self.tell(Stage::Copying, table, true)
    }

    async fn read(&mut self, table: &Table, after: Option<&PrimaryKey>) -> Result<Rows, CopyError> {
        page::read(&mut self.source.connection, table, after).await.map_err(CopyError::Source)
    }

    /// Reads both sides of every table from the beginning.
    async fn compare(&mut self) -> Result<Vec<Compared>, CopyError> {
        (self.done, self.kept) = (0, 0);
        let mut compared = Vec::new();
        for table in tables::all() {
            let (mut in_source, mut in_target) = (Summing::new(), Summing::new());
            let (mut source_last, mut target_last) = (None, None);
            loop {
                let source = page::read(&mut self.source.connection, table, source_last.as_ref());
                let target = page::read(self.target, table, target_last.as_ref());
                let (source, target) = tokio::join!(source, target);
                let (source, target) =
                    (source.map_err(CopyError::Source)?, target.map_err(CopyError::Target)?);
                if source.is_empty() && target.is_empty() {
                    break;
                }
                in_source.add(&source);
                in_target.add(&target);
                source_last = table.key_of_last(&source).or(source_last);
                target_last = table.key_of_last(&target).or(target_last);
                self.done += source.len() as u64;
                self.tell(Stage::Verifying, table, false)?;
            }
            self.tell(Stage::Verifying, table, true)?;
            compared.push(Compared { table: table.name(), source: in_source.sum(), target: in_target.sum() });
        }
        Ok(compared)
    }
}

/// Writes one page and commits it.
async fn write(target: &mut Connection, table: &Table, rows: Rows) -> Result<(), StoreError> {
    let mut script = Script::default();
    script.insert(rows, Insert { into: table.into, key: 0, conflict: "" });
    Session::writing(target).commit(script).await.map_err(|not| not.error)
}
