//! `stat_marks`: up to which key the audit is counted, and by whom.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// How long whoever counts is left alone by others.
const HELD: Duration = Duration::from_mins(1);

/// The table.
pub(crate) static TABLE: Table =
    Table::still("stat_marks (source, upto, holder, held_until)", &[Text, Number, Number, Number], 1);

/// How far somebody has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct CountMark {
    pub(super) upto: i64,
    holder: i64,
    held_until: i64,
}

impl CountMark {
    /// Whether this process may count on.
    pub(super) const fn is_for(self, node: i64, now: UnixMillis) -> bool {
        self.holder == node || self.held_until < now.get()
    }

    /// Whether this process has counted so far.
    pub(super) const fn is_of(self, node: i64) -> bool {
        self.holder == node
    }
}

/// The mark; the beginning where there is none.
pub(super) async fn read(connection: &mut Connection) -> Result<CountMark, StoreError> {
    const TEXT: &str = "SELECT upto, holder, held_until FROM stat_marks WHERE source = 'audit'";
    let found = connection.fetch(Statement::new(TEXT)).await?;
    let Some(row) = found.iter().next() else { return Ok(CountMark::default()) };
    let mut columns = Columns::new(row, TABLE.name());
    Ok(CountMark { upto: columns.number()?, holder: columns.number()?, held_until: columns.number()? })
}

/// Moves the mark, within the transaction that counts; false when it is not where it was, for then somebody else has counted.
pub(super) async fn advance(
    connection: &mut Connection,
    from: CountMark,
    upto: i64,
    node: i64,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    const FIRST: &str = "INSERT INTO stat_marks (source, upto, holder, held_until) \
        VALUES ('audit', 0, 0, 0) ON CONFLICT DO NOTHING";
    const TEXT: &str = "UPDATE stat_marks SET upto = $2, holder = $3, held_until = $4 \
        WHERE source = 'audit' AND upto = $1 AND (holder = $3 OR held_until < $5)";
    connection.run(Statement::new(FIRST)).await?;
    let statement = Statement::new(TEXT).number(from.upto).number(upto).number(node);
    let statement = statement.number(now.plus(HELD).get()).number(now.get());
    Ok(connection.run(statement).await? == 1)
}
