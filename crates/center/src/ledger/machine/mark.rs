//! Whether a commit happened whose answer was lost with the connection.
//!
//! Each ledger has a row of its own, and each of its batches writes its number there, in the same transaction as
//! everything else. Asking for the row is a write as well, for two reasons: it waits until a transaction that is still
//! under way on the server has ended either way, and when it is answered, whatever was committed before it has reached
//! the standby too.
//!
//! The server's own memory of transactions (`pg_xact_status`) would not do: after a failover their numbers may have been
//! given to others.

use yanmi_protocol::{NoticeNo, UnixMillis};

use crate::store::StoreError;
use crate::store::batch::{Insert, Rows};
use crate::store::connection::{Connection, Statement};
use crate::store::link::{Link, on_link};
use crate::store::row::{Columns, signed};

/// Rows of ledgers that wrote nothing for so long are removed; their processes are long gone.
const FORGET_AFTER: std::time::Duration = std::time::Duration::from_hours(30 * 24);

pub(in crate::ledger) const MARK: Insert = Insert {
    into: "ledgers (id, batch, at)",
    key: 1,
    conflict: "ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, at = excluded.at",
};

/// The number of a batch of a ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    ledger: i64,
    batch: i64,
    at: UnixMillis,
}

impl Mark {
    /// Before the first batch of a ledger, whose number was given to nobody else.
    pub(in crate::ledger) async fn first(
        connection: &mut Connection,
        ledger: NoticeNo,
        now: UnixMillis,
    ) -> Result<Self, StoreError> {
        const FORGET: &str = "DELETE FROM ledgers WHERE at < $1";
        connection.run(Statement::new(FORGET).number(now.minus(FORGET_AFTER).get())).await?;
        Ok(Self { ledger: signed(ledger.number()), batch: 0, at: now })
    }

    /// The next batch.
    pub(super) fn next(self, now: UnixMillis) -> Self {
        Self { batch: self.batch + 1, at: now, ..self }
    }

    pub(in crate::ledger) fn rows(self) -> Rows {
        let mut rows = Rows::default();
        rows.push(|row| {
            row.number(self.ledger).number(self.batch).number(self.at.get());
        });
        rows
    }

    /// Whether this batch was committed.
    pub(super) async fn is_committed(self, link: &mut Link) -> Result<bool, StoreError> {
        let batch = on_link!(link, |connection| self.query(connection))?;
        Ok(batch == self.batch)
    }

    async fn query(self, connection: &mut Connection) -> Result<i64, StoreError> {
        const TEXT: &str = "INSERT INTO ledgers (id, batch, at) VALUES ($1, 0, $2) \
            ON CONFLICT (id) DO UPDATE SET at = excluded.at RETURNING batch";
        let found = connection.fetch(Statement::new(TEXT).number(self.ledger).number(self.at.get())).await?;
        let missing = StoreError::Impossible { table: "ledgers", what: "没有账本记录" };
        Columns::new(found.iter().next().ok_or(missing)?, "ledgers").number()
    }
}
