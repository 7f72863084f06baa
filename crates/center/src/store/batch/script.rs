//! What becomes of rows: where they are written, and what is asked about them.

use super::rows::Rows;

/// Where rows go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Insert {
    /// The table and its columns: `t (a, b)`.
    pub(crate) into: &'static str,
    /// How many of the columns, from the first, tell one row from another. Of two rows that are alike in them the
    /// later one counts. 0: no two rows are alike.
    pub(crate) key: usize,
    /// What to do with a row that is there already: `ON CONFLICT …`, or nothing.
    pub(crate) conflict: &'static str,
}

/// A query about rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query {
    /// The rows as a table: `k (a, b)`.
    pub(crate) rows: &'static str,
    /// `SELECT … FROM k …`.
    pub(crate) select: &'static str,
}

/// A change of rows that are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    /// The new values as a table, what tells the rows apart first: `k (a, b)`.
    pub(crate) rows: &'static str,
    /// How many of the columns, from the first, tell one row from another.
    pub(crate) key: usize,
    /// What follows `UPDATE`: `t SET … FROM k WHERE …`.
    pub(crate) set: &'static str,
}

/// What becomes of rows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Write {
    Insert(Insert),
    Update(Update),
}

/// Writes that go to the database together, in order.
#[derive(Debug, Default)]
pub(crate) struct Script(pub(super) Vec<(Rows, Write)>);

impl Script {
    /// Adds an insertion of all rows; nothing when there are none.
    pub(crate) fn insert(&mut self, rows: Rows, insert: Insert) {
        self.push(rows, Write::Insert(insert));
    }

    /// Adds a change of all rows; nothing when there are none.
    pub(crate) fn update(&mut self, rows: Rows, update: Update) {
        self.push(rows, Write::Update(update));
    }

    fn push(&mut self, rows: Rows, write: Write) {
        if !rows.is_empty() {
            self.0.push((rows, write));
        }
    }
}
