//! Bringing a database up to date: the same migrations, by number and name, in the words of each database.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;

use super::StoreError;

/// The table that tells which were applied.
const APPLIED: &str = "_sqlx_migrations";

/// A migration: number, name, its text for `SQLite` and for PostgreSQL.
type Both = (i64, &'static str, &'static str, &'static str);

/// Every migration, in order.
const MIGRATIONS: [Both; 1] = [(
    1,
    "initial",
    include_str!("../../migrations/sqlite/0001_initial.sql"),
    include_str!("../../migrations/postgres/0001_initial.sql"),
)];

pub(super) async fn sqlite(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    run(connection, |(_, _, text, _)| text).await
}

pub(super) async fn postgres(connection: &mut PgConnection) -> Result<(), StoreError> {
    run(connection, |(_, _, _, text)| text).await
}

async fn run<C: Migrate>(connection: &mut C, text: fn(Both) -> &'static str) -> Result<(), StoreError> {
    let migrations = MIGRATIONS.map(|migration| {
        let (version, name, ..) = migration;
        let text = text(migration).into_sql_str();
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, text, false)
    });
    let migrator = Migrator::with_migrations(migrations.to_vec());
    connection.ensure_migrations_table(APPLIED).await.map_err(StoreError::Migrate)?;
    let applied = connection.list_applied_migrations(APPLIED).await.map_err(StoreError::Migrate)?;
    if let Some(newer) = applied.iter().find(|m| !migrator.version_exists(m.version)) {
        return Err(StoreError::Newer(newer.version));
    }
    migrator.run_direct(None, connection, false).await.map_err(StoreError::Migrate)
}
