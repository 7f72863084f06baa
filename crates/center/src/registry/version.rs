//! The version of the registry: it moves with every change, so that a running center sees that there was one.

use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;

/// The version of the registry in the database.
pub(super) async fn read(connection: &mut Connection) -> Result<i64, StoreError> {
    let found = connection.fetch(Statement::new("SELECT registry_version FROM site WHERE id = 1")).await?;
    let missing = StoreError::Impossible { table: "site", what: "没有站点记录" };
    Columns::new(found.iter().next().ok_or(missing)?, "site").number()
}

/// Raises the version, within the transaction of the change.
pub(super) async fn raise(connection: &mut Connection) -> Result<(), StoreError> {
    const TEXT: &str = "UPDATE site SET registry_version = registry_version + 1 WHERE id = 1";
    connection.run(Statement::new(TEXT)).await.map(|_| ())
}

/// Keeps others from the version until the end of the transaction, and leaves it as it is.
pub(super) async fn hold(connection: &mut Connection) -> Result<(), StoreError> {
    const TEXT: &str = "UPDATE site SET registry_version = registry_version WHERE id = 1";
    connection.run(Statement::new(TEXT)).await.map(|_| ())
}
