//! Bringing a database up to date: the same migrations, by number and name, in the words of each database.
//!
//! A cluster is upgraded one node after the other, so for a while programs of two versions work on one database. Hence
//! there are two kinds of migrations. An expanding one adds what the program before it neither reads nor has to write;
//! that program goes on, and may be started again. A contracting one takes away what no program of the version that
//! brings it needs any more, so that version runs before it and after it. It is applied by the operator's word, and not
//! while a node runs that does not know it. The database keeps the number of the newest contracting one: a program that
//! knows it may run, however many expanding ones came after.

use std::borrow::Cow;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::connection::{Connection, Statement};
use super::embedded::EmbeddedConnection;
use super::error::StoreError;
use super::node;
use super::row::Columns;
use super::shared_connection::is_busy;

/// The table that tells which were applied.
const APPLIED: &str = "_sqlx_migrations";
/// The migration that makes `_yanmi_schema`.
const ROLLING: i64 = 2;
/// Attempts at a migration that waits for a lock. Each waits a second only, for behind it everybody else waits.
const ATTEMPTS: u32 = 30;
/// How long that is where the database does not wait by itself.
const WAITS_FOR_LOCK: Duration = Duration::from_secs(1);

/// What a migration does to programs that do not know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MigrationKind {
    /// Nothing.
    Expanding,
    /// They cannot run any more.
    Contracting,
}

/// A migration.
#[derive(Clone, Copy, Debug)]
pub struct MigrationStep {
    /// Its number; they grow.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    /// What it does to programs that do not know it.
    pub kind: MigrationKind,
    /// Its text for `SQLite`.
    pub sqlite: &'static str,
    /// Its text for PostgreSQL.
    pub postgres: &'static str,
}

/// The migrations a program knows, in order.
#[derive(Clone, Debug)]
pub struct Schema(Vec<MigrationStep>);

/// What there is left to do when a database was migrated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Migrated {
    /// Contracting migrations that wait for the operator's word.
    pub waiting: usize,
    /// The newest migration there, if this program does not know it.
    newer: Option<i64>,
}

impl Migrated {
    /// For who must know every column there is.
    pub(crate) fn exactly(self) -> Result<(), StoreError> {
        self.newer.map_or(Ok(()), |newer| Err(StoreError::Newer(newer)))
    }
}

/// What is to be done with those that were not applied yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PendingMigrations {
    /// All are applied; nobody else runs.
    All,
    /// Nothing; they are missed.
    Missed,
    /// Nothing; they may wait.
    Nothing,
    /// What expands is applied.
    Expand,
    /// What contracts too, unless a node needs what it takes away.
    Contract,
}

/// A migration of the two files that bear its number and name.
macro_rules! step {
    ($number:expr, $kind:expr, $prefix:literal, $name:literal) => {
        MigrationStep {
            number: $number,
            name: $name,
            kind: $kind,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $prefix, $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $prefix, $name, ".sql")),
        }
    };
}

impl Schema {
    /// Every migration of this program.
    pub fn current() -> Self {
        use MigrationKind::Expanding;
        let steps = [
            step!(1, Expanding, "0001_", "initial"),
            step!(ROLLING, Expanding, "0002_", "rolling"),
            step!(3, Expanding, "0003_", "pages"),
            step!(4, Expanding, "0004_", "quiet"),
            step!(5, Expanding, "0005_", "handoff"),
            step!(6, Expanding, "0006_", "free_payments"),
            step!(7, Expanding, "0007_", "handover"),
            step!(8, Expanding, "0008_", "compared"),
            step!(9, Expanding, "0009_", "payments"),
            step!(10, Expanding, "0010_", "macs"),
            step!(11, Expanding, "0011_", "calls"),
            step!(12, Expanding, "0012_", "events"),
            step!(13, Expanding, "0013_", "registry"),
            step!(14, Expanding, "0014_", "operators"),
            step!(15, Expanding, "0015_", "readings"),
            step!(16, Expanding, "0016_", "pending"),
            step!(17, Expanding, "0017_", "statistics"),
            step!(18, Expanding, "0018_", "key_offers"),
            step!(19, Expanding, "0019_", "imports"),
            step!(20, Expanding, "0020_", "applications"),
            step!(21, Expanding, "0021_", "event_regions"),
            step!(22, Expanding, "0022_", "alarms"),
            step!(23, Expanding, "0023_", "applicants"),
            step!(24, Expanding, "0024_", "account_imports"),
            step!(25, Expanding, "0025_", "oidc_and_alarm_target"),
            step!(26, Expanding, "0026_", "attachments"),
            step!(27, Expanding, "0027_", "contacts"),
            step!(28, Expanding, "0028_", "key_uses"),
        ];
        Self(steps.to_vec())
    }

    /// The same and one more, as the next version will know it.
    #[must_use]
    pub fn with(mut self, next: MigrationStep) -> Self {
        self.0.push(next);
        self
    }

    /// The number of the newest.
    pub(super) fn knows(&self) -> i64 {
        self.0.last().map_or(0, |step| step.number)
    }

    /// Which are to be applied, in order.
    fn plan(&self, applied: &[i64], pending: PendingMigrations) -> Result<Vec<MigrationStep>, StoreError> {
        let missing: Vec<MigrationStep> =
            self.0.iter().copied().filter(|step| !applied.contains(&step.number)).collect();
        let contracting = missing.iter().find(|step| step.kind == MigrationKind::Contracting);
        let expanding = missing.iter().rfind(|step| step.kind == MigrationKind::Expanding);
        match (pending, contracting, expanding) {
            (PendingMigrations::Nothing, ..) => Ok(Vec::new()),
            _ if applied.is_empty() => Ok(missing),
            (PendingMigrations::All | PendingMigrations::Contract, ..) => Ok(missing),
            (PendingMigrations::Missed, _, Some(_)) => Err(StoreError::Outdated),
            (PendingMigrations::Expand, Some(first), Some(last)) if first.number < last.number => {
                Err(StoreError::ContractFirst(first.number))
            }
            _ => Ok(missing.into_iter().filter(|step| step.kind == MigrationKind::Expanding).collect()),
        }
    }

    /// What the driver is to find applied, or apply.
    fn migrator(
        &self,
        applied: &[i64],
        apply: &[MigrationStep],
        text: fn(&MigrationStep) -> &'static str,
    ) -> Migrator {
        let wanted = self
            .0
            .iter()
            .filter(|step| applied.contains(&step.number) || apply.iter().any(|a| a.number == step.number));
        let migrations = wanted.map(|step| {
            let text = match step.kind {
                MigrationKind::Expanding => text(step).to_owned(),
                MigrationKind::Contracting => {
                    format!(
                        "{}\nUPDATE _yanmi_schema SET oldest = {} WHERE id = 1;\n",
                        text(step),
                        step.number
                    )
                }
            };
            let text = AssertSqlSafe(text).into_sql_str();
            Migration::new(step.number, Cow::Borrowed(step.name), MigrationType::Simple, text, false)
        });
        let mut migrator = Migrator::with_migrations(migrations.collect());
        // What a newer program applied was looked at before.
        migrator.set_ignore_missing(true);
        migrator
    }
}

/// Sees whether a program of this schema can work on the database, and applies what is to be applied.
///
/// `alone` tells whether nobody else runs on the database where that cannot be asked of the database itself.
pub(crate) async fn run(
    connection: &mut Connection,
    schema: &Schema,
    pending: PendingMigrations,
    alone: impl Fn() -> bool,
) -> Result<Migrated, StoreError> {
    let applied = applied(connection).await?;
    let newer = applied.iter().copied().max().filter(|newest| *newest > schema.knows());
    if let Some(newest) = newer
        && oldest(connection).await? > schema.knows()
    {
        return Err(StoreError::Newer(newest));
    }
    let plan = schema.plan(&applied, pending)?;
    let first = plan.iter().position(|step| step.kind == MigrationKind::Contracting).unwrap_or(plan.len());
    // The nodes are asked for in a table that the first half may bring.
    apply(connection, &schema.migrator(&applied, &plan[..first], text_of(connection))).await?;
    let contracting = plan.iter().rfind(|step| step.kind == MigrationKind::Contracting);
    if let Some(step) = contracting {
        if pending == PendingMigrations::Contract && !applied.is_empty() {
            let old = match connection {
                Connection::Sqlite(_) => i64::from(!alone()),
                Connection::Postgres(_) | Connection::Shared(_) => {
                    node::older(connection, step.number).await?
                }
            };
            if old > 0 {
                return Err(StoreError::OldNodes { migration: step.number, nodes: old });
            }
        }
        apply(connection, &schema.migrator(&applied, &plan, text_of(connection))).await?;
    }
    let left = |step: &&MigrationStep| {
        !applied.contains(&step.number) && !plan.iter().any(|p| p.number == step.number)
    };
    Ok(Migrated { waiting: schema.0.iter().filter(left).count(), newer })
}

fn text_of(connection: &Connection) -> fn(&MigrationStep) -> &'static str {
    match connection {
        Connection::Sqlite(_) | Connection::Shared(_) => |step| step.sqlite,
        Connection::Postgres(_) => |step| step.postgres,
    }
}

/// Whether anything was ever applied: a look that changes nothing.
pub(super) async fn is_made(connection: &mut Connection) -> Result<bool, StoreError> {
    const SQLITE: &str = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    const POSTGRES: &str = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')";
    let text = match connection {
        Connection::Sqlite(_) | Connection::Shared(_) => SQLITE,
        Connection::Postgres(_) => POSTGRES,
    };
    let found = connection.fetch(Statement::new(text)).await?;
    let tables = found.iter().next().map(|row| Columns::new(row, "_sqlx_migrations").number()).transpose()?;
    Ok(tables.is_some_and(|tables| tables > 0))
}

/// The numbers of what was applied.
async fn applied(connection: &mut Connection) -> Result<Vec<i64>, StoreError> {
    match connection {
        Connection::Sqlite(connection) => listed_by_trip(connection).await,
        Connection::Postgres(connection) => listed(connection).await,
        Connection::Shared(connection) => listed_by_trip(connection.embedded()?).await,
    }
}

async fn listed_by_trip(connection: &mut EmbeddedConnection) -> Result<Vec<i64>, StoreError> {
    let (connection, disk) = connection.parts();
    disk.trip(listed(connection)).await
}

async fn listed<C: Migrate>(connection: &mut C) -> Result<Vec<i64>, StoreError> {
    connection.ensure_migrations_table(APPLIED).await.map_err(StoreError::Migrate)?;
    let applied = connection.list_applied_migrations(APPLIED).await.map_err(StoreError::Migrate)?;
    Ok(applied.into_iter().map(|migration| migration.version).collect())
}

/// The newest migration that took something away.
async fn oldest(connection: &mut Connection) -> Result<i64, StoreError> {
    let found = connection.fetch(Statement::new("SELECT oldest FROM _yanmi_schema WHERE id = 1")).await?;
    let missing = StoreError::Impossible { table: "_yanmi_schema", what: "没有记录" };
    Columns::new(found.iter().next().ok_or(missing)?, "_yanmi_schema").number()
}

async fn apply(connection: &mut Connection, migrator: &Migrator) -> Result<(), StoreError> {
    let mut attempts = 0;
    loop {
        let applied = match connection {
            Connection::Sqlite(connection) => run_by_trip(migrator, connection).await,
            Connection::Postgres(connection) => migrator.run_direct(None, connection, false).await,
            Connection::Shared(connection) => run_by_trip(migrator, connection.embedded()?).await,
        };
        attempts += 1;
        match applied {
            Err(error) if attempts < ATTEMPTS && is_in_the_way(&error) => {
                if let Connection::Shared(_) = connection {
                    tokio::time::sleep(WAITS_FOR_LOCK).await;
                }
            }
            done => return done.map_err(StoreError::Migrate),
        }
    }
}

async fn run_by_trip(migrator: &Migrator, connection: &mut EmbeddedConnection) -> Result<(), MigrateError> {
    let (connection, disk) = connection.parts();
    disk.trip(migrator.run_direct(None, connection, false)).await
}

/// Whether a lock was not to be had (`lock_not_available`), or another one writes.
fn is_in_the_way(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "55P03") || is_busy(error)
}
