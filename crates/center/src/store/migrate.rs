//! Creating a database and bringing it up to date, by the word of an operator.

use yanmi_protocol::Sm4Key;

use super::schema::PendingMigrations;
pub use super::schema::{Migrated, MigrationKind, MigrationStep, Schema};
use super::{Purpose, Store, StoreError};
use crate::config::Database;
use crate::ports::{Disk, Entropy};
use crate::sealing::Sealer;

/// Creates the database if it is empty, or applies what the program of this schema brings. What contracts is applied
/// only when `contract` says so.
///
/// # Errors
/// [`StoreError`]; [`StoreError::OldNodes`] while a center runs that needs what would be taken away.
pub async fn migrate(
    database: &Database,
    key: &Sm4Key,
    entropy: Entropy,
    schema: &Schema,
    contract: bool,
) -> Result<Migrated, StoreError> {
    migrate_given((Disk::system(), entropy), database, key, schema, contract).await
}

/// The same for an embedded database on this disk.
///
/// # Errors
/// The same.
pub async fn migrate_given(
    (disk, entropy): (Disk, Entropy),
    database: &Database,
    key: &Sm4Key,
    schema: &Schema,
    contract: bool,
) -> Result<Migrated, StoreError> {
    let pending = if contract { PendingMigrations::Contract } else { PendingMigrations::Expand };
    let purpose = Purpose::Migrate { schema, pending };
    let entered = Store::enter(database, &disk, &Sealer::new(key, entropy), purpose).await?;
    Ok(entered.migrated)
}
