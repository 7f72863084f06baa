//! `stat_marks`: up to where those who count and look have come, and who they are.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// Somebody of whom a site has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MarkSource {
    /// Counts the audit, up to this key of it.
    Audit,
    /// Counts days again, up to this one (20261123).
    Day,
    /// Looks for alarms; of operator events up to this number.
    Alarms,
    /// Looks at the chain of operator events over and over, up to this number.
    Chain,
}

impl MarkSource {
    const fn word(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Day => "day",
            Self::Alarms => "alarms",
            Self::Chain => "chain",
        }
    }

    /// How long whoever has moved it is left alone by others: some of his rounds.
    const fn held(self) -> Duration {
        match self {
            Self::Audit => Duration::from_mins(1),
            // Longer than a day of a large province takes.
            Self::Day => Duration::from_mins(10),
            Self::Alarms | Self::Chain => Duration::from_mins(3),
        }
    }
}

/// The table.
pub(crate) static TABLE: Table =
    Table::still("stat_marks (source, upto, holder, held_until)", &[Text, Number, Number, Number], 1);

/// How far somebody has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct CountMark {
    pub(crate) upto: i64,
    holder: i64,
    held_until: i64,
}

impl CountMark {
    /// Whether this process may count on.
    pub(crate) const fn is_for(self, node: i64, now: UnixMillis) -> bool {
        self.holder == node || self.held_until < now.get()
    }

    /// Whether this process has counted so far.
    pub(super) const fn is_of(self, node: i64) -> bool {
        self.holder == node
    }
}

/// The mark; the beginning where there is none.
pub(crate) async fn read(connection: &mut Connection, source: MarkSource) -> Result<CountMark, StoreError> {
    const TEXT: &str = "SELECT upto, holder, held_until FROM stat_marks WHERE source = $1";
    let found = connection.fetch(Statement::new(TEXT).text(source.word())).await?;
    let Some(row) = found.iter().next() else { return Ok(CountMark::default()) };
    let mut columns = Columns::new(row, TABLE.name());
    Ok(CountMark { upto: columns.number()?, holder: columns.number()?, held_until: columns.number()? })
}

/// Moves the mark, within the transaction that counts; false when it is not where it was, for then somebody else has counted.
pub(crate) async fn advance(
    connection: &mut Connection,
    (source, from): (MarkSource, CountMark),
    upto: i64,
    node: i64,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    const FIRST: &str = "INSERT INTO stat_marks (source, upto, holder, held_until) \
        VALUES ($1, 0, 0, 0) ON CONFLICT DO NOTHING";
    const TEXT: &str = "UPDATE stat_marks SET upto = $2, holder = $3, held_until = $4 \
        WHERE source = $6 AND upto = $1 AND (holder = $3 OR held_until < $5)";
    connection.run(Statement::new(FIRST).text(source.word())).await?;
    let statement = Statement::new(TEXT).number(from.upto).number(upto).number(node);
    let statement = statement.number(now.plus(source.held()).get()).number(now.get()).text(source.word());
    Ok(connection.run(statement).await? == 1)
}
