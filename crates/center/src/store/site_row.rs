//! The one row of `site`: whose database it is, and where its numbers stand.
//!
//! No center opens the canary while it holds one of the marks of a copy; what they mean is in `copy::target`.

use super::connection::{Connection, Statement};
use super::error::StoreError;
use super::row::Columns;
use crate::sealing::{Cell, Sealer};

/// The columns of `site`.
pub(crate) const COLUMNS: &str = "id, canary, registry_version, next_number";

/// The first number of thirteen digits.
const FIRST_NUMBER: i64 = 1_000_000_000_000;
/// What the canary holds.
pub(crate) const CANARY: &[u8] = b"yanmi";
pub(crate) const CANARY_CELL: Cell<'static> = Cell { table: "site", row: "1", column: "canary" };

/// A copy has begun. No sealed value begins so: its first byte is 1.
pub(crate) const BEGUN: &[u8] = b"yanmi copy begun\0";
/// A copy turned out not to be like the source.
pub(crate) const SPOILED: &[u8] = b"yanmi copy spoiled\0";

/// Whether a canary is the mark of a copy that was not finished.
pub(crate) fn is_unfinished(canary: &[u8]) -> bool {
    canary.starts_with(BEGUN) || canary.starts_with(SPOILED)
}

/// Makes the site's row, if there is none.
pub(super) async fn make(connection: &mut Connection, sealer: &Sealer) -> Result<(), StoreError> {
    const MAKE: &str =
        "INSERT INTO site (id, canary, next_number) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING";
    let canary = sealer.seal(CANARY_CELL, CANARY);
    connection.run(Statement::new(MAKE).bytes(&canary).number(FIRST_NUMBER)).await.map(drop)
}

/// Checks that the site's row was made with the same key.
pub(super) async fn check(connection: &mut Connection, sealer: &Sealer) -> Result<(), StoreError> {
    let found = connection.fetch(Statement::new("SELECT canary FROM site WHERE id = 1")).await?;
    let missing = StoreError::Impossible { table: "site", what: "没有站点记录" };
    let row = found.iter().next().ok_or(missing)?;
    let found = Columns::new(row, "site").bytes()?;
    if is_unfinished(found) {
        return Err(StoreError::Unfinished);
    }
    let opened = sealer.open(CANARY_CELL, found);
    if opened.is_ok_and(|opened| opened.as_slice() == CANARY) { Ok(()) } else { Err(StoreError::WrongKey) }
}
