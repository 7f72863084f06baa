//! Skipping numbers that may have been given out already, after an older state was restored.

use yanmi_protocol::Sm4Key;

use super::connection::{Connection, Statement};
use super::row::Columns;
use super::{Store, StoreError};
use crate::config::Database;
use crate::ports::{Disk, Entropy};
use crate::sealing::Sealer;

/// The next number nobody has reserved, of thirteen digits: before and after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// Before.
    pub before: i64,
    /// Now.
    pub after: i64,
}

/// Has the next number be `by` further on, and further than `past`. A center that runs goes on with those it has
/// reserved.
///
/// # Errors
/// When the database fails, does not belong to the key, or has not so many numbers left; nothing is changed then.
pub async fn skip_numbers(
    database: &Database,
    key: &Sm4Key,
    entropy: Entropy,
    past: i64,
    by: i64,
) -> Result<Skipped, StoreError> {
    let store = Store::open(database, &Disk::system(), &Sealer::new(key, entropy)).await?;
    let mut connection = store.connect().await?;
    connection.begin().await?;
    let skipped = skip(&mut connection, past, by).await;
    let skipped = connection.settle(skipped).await;
    connection.close().await?;
    skipped
}

/// The number after the last.
const NO_NUMBER: i64 = 10_000_000_000_000;

async fn skip(connection: &mut Connection, past: i64, by: i64) -> Result<Skipped, StoreError> {
    // An update that changes nothing holds the row until the end of the transaction.
    const READ: &str = "UPDATE site SET next_number = next_number WHERE id = 1 RETURNING next_number";
    const WRITE: &str = "UPDATE site SET next_number = $1 WHERE id = 1";
    let found = connection.fetch(Statement::new(READ)).await?;
    let missing = StoreError::Impossible { table: "site", what: "没有站点记录" };
    let before = Columns::new(found.iter().next().ok_or(missing)?, "site").number()?;
    let from = before.max(past);
    let after = from.checked_add(by).filter(|after| *after < NO_NUMBER);
    let after = after.ok_or(StoreError::TooFewNumbers(NO_NUMBER.saturating_sub(from)))?;
    connection.run(Statement::new(WRITE).number(after)).await?;
    Ok(Skipped { before, after })
}
