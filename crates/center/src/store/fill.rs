//! Filling the audit before a measurement, so that it is as long as after years.

use yanmi_protocol::{Sm4Key, UnixMillis};

use super::connection::{Connection, Statement};
use super::row::{Columns, signed};
use super::{Store, StoreError};
use crate::config::Database;
use crate::ports::Entropy;
use crate::sealing::Sealer;

/// Rows of one statement, which a server answers in far less than it may take (`connection`, `ANSWER_WITHIN`).
const PORTION: u64 = 50_000;
/// The rows are spread over the year before now, in milliseconds.
const YEAR: i64 = 365 * 24 * 60 * 60 * 1_000;

/// Rows `$1` and up to `$2`, of which the first is of `$3`, and each one `$4` milliseconds younger. They are about as
/// long as those of a confirmation.
const ROWS: &str = "\
    INSERT INTO audit (at, event, token, org_code, channel, person, notice, serial, amount) \
    WITH RECURSIVE n (i) AS (\
        SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS BIGINT)\
    ) SELECT CAST($3 AS BIGINT) + (i - CAST($1 AS BIGINT)) * CAST($4 AS BIGINT), 'confirmed', \
        '350000filled0000000' || (1000000000000000000 + i), 'H35010000001', '0000000000000001', $5, \
        2000000000000 + i, 2000000000000 + i, 1000 FROM n";

/// Adds as many rows to an empty audit, as a measurement wants them; tells whether it was empty. One that is not is
/// left as it is. No center may run on the database.
///
/// # Errors
/// When the database fails or does not belong to the key.
pub async fn fill_audit(
    database: &Database,
    key: &Sm4Key,
    entropy: Entropy,
    rows: u64,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let store = Store::open(database, &Sealer::new(key, entropy)).await?;
    let mut connection = store.connect().await?;
    let empty = is_empty(&mut connection).await?;
    if empty {
        fill(&mut connection, rows, now).await?;
        settle(&mut connection).await?;
    }
    connection.close().await?;
    Ok(empty)
}

async fn is_empty(connection: &mut Connection) -> Result<bool, StoreError> {
    let found =
        connection.fetch(Statement::new("SELECT count(*) FROM (SELECT 1 FROM audit LIMIT 1) AS a")).await?;
    let missing = StoreError::Impossible { table: "audit", what: "没有计数" };
    Ok(Columns::new(found.iter().next().ok_or(missing)?, "audit").number()? == 0)
}

async fn fill(connection: &mut Connection, rows: u64, now: UnixMillis) -> Result<(), StoreError> {
    let step = YEAR / signed(rows).max(1);
    let mut done = 0;
    while done < rows {
        let upto = rows.min(done.saturating_add(PORTION));
        let first_at = now.get() - (signed(rows) - signed(done)) * step;
        let statement = Statement::new(ROWS).number(signed(done) + 1).number(signed(upto)).number(first_at);
        connection.run(statement.number(step).bytes(&[7; 16])).await?;
        done = upto;
    }
    Ok(())
}

/// Has a server do now what it would do by itself within a minute of so many new rows: in the middle of what is to be
/// measured. It may take longer than any other statement.
async fn settle(connection: &mut Connection) -> Result<(), StoreError> {
    if let Connection::Postgres(connection) = connection {
        sqlx::query("VACUUM (ANALYZE) audit").execute(connection).await?;
    }
    Ok(())
}
