//! Removing what has outlived its use, a window at a time.
//!
//! A table is walked in the order of its key. A window is a few hundred rows: those of them that are old are deleted
//! by one statement, which is a transaction of its own, on the connection of a ledger and between two of its batches.
//! So nobody waits longer than for a small batch, on the embedded database with its one writer as well as on a shared
//! one.
//!
//! Nothing is looked up by age, and there is no index by age that every notice would have to keep: rows of the
//! large tables have keys that grow with time, so the walk stops at the first window that is young; the others are
//! walked to their end.
//!
//! On a shared database a ledger may hold a row of a window. It is left for the next round rather than waited for, so
//! that whoever removes never waits while it holds something, and is in nobody's way for long. What another ledger may
//! still lean on is therefore settled by the locks it takes: a token that vanished is asked for again, and so is one
//! whose person vanished (`store::batch`, `lock`).

use yanmi_protocol::UnixMillis;

use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::{Kept, Old, Position, Removal, Table};

/// Rows of one window.
const WINDOW: i64 = 500;
/// A day in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Some rows of a table, of which those that ended before a time are to be removed.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    table: &'static Table,
    removal: &'static Removal,
    after: Position,
    before: UnixMillis,
}

/// What became of a window.
#[derive(Debug)]
pub(crate) struct Removed {
    /// How many rows are gone.
    pub(crate) rows: u64,
    /// Where to go on.
    pub(crate) next: Option<Window>,
}

impl Window {
    /// The first window of each table: of each what ended before the time that goes with how long it is kept.
    pub(crate) fn first_of_each(
        tables: impl Iterator<Item = &'static Table>,
        before: impl Fn(Kept) -> UnixMillis,
    ) -> impl Iterator<Item = Self> {
        tables.filter_map(move |table| {
            let removal = table.removal.as_ref()?;
            let (after, before) = (removal.start.clone(), before(removal.kept));
            Some(Self { table, removal, after, before })
        })
    }

    /// The table.
    pub(crate) fn table(&self) -> &'static str {
        self.table.name()
    }

    /// Removes what is old.
    pub(crate) async fn remove(&self, connection: &mut Connection) -> Result<Removed, StoreError> {
        let removal = self.removal;
        let find = self.after.bind(Statement::new(removal.last)).number(WINDOW - 1);
        let found = connection.fetch(find).await?;
        let last = match found.iter().next() {
            None => None,
            Some(row) => {
                let mut columns = Columns::new(row, self.table.name());
                Some((self.after.read(&mut columns)?, columns.time()?))
            }
        };
        let upto = last.as_ref().map_or_else(|| self.after.end(), |(key, _)| key.clone());
        let text = removal.remove[usize::from(matches!(connection, Connection::Postgres(_)))];
        let statement = upto.bind(self.after.bind(Statement::new(text)));
        let statement = match removal.old {
            Old::Never => statement,
            Old::Time => statement.number(self.before.get()),
            // Whatever the time zone, this day is over.
            Old::Day => statement.number(self.before.get() / DAY - 1),
        };
        let rows = connection.run(statement).await?;
        let next = last.filter(|(_, time)| *time < self.before);
        Ok(Removed { rows, next: next.map(|(after, _)| Self { after, ..self.clone() }) })
    }
}
