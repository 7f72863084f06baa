//! What a store knows of a table beside its rows: how it is copied, what is asked of it and how it is emptied.
//!
//! Each table says it once, in a file of its own; what goes through all of them (a batch, the copy, the removal, the plans) is
//! derived from that.

use super::StoreError;
use super::batch::{Insert, Query, Rows, Update};
use super::connection::{Connection, Kind, Statement, Value};
use super::row::Columns;

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    /// The table and its columns as a copy inserts them; the primary key comes first. Numbers that the database gives out
    /// itself are taken over as they are.
    pub(crate) into: &'static str,
    /// The types of the columns.
    pub(crate) kinds: &'static [Kind],
    /// How many columns the primary key has.
    pub(crate) key: usize,
    /// How a batch writes it; nothing where no batch does.
    pub(crate) written: Option<Insert>,
    /// What a batch asks of it.
    #[cfg_attr(not(test), expect(dead_code, reason = "what looks at the plans reads it"))]
    pub(crate) queries: &'static [Query],
    /// What is asked of it by itself all day.
    #[cfg_attr(not(test), expect(dead_code, reason = "what looks at the plans reads it"))]
    pub(crate) statements: &'static [&'static str],
    /// What a batch changes in its rows.
    pub(crate) updates: &'static [Update],
    /// How what is old is removed; nothing where nothing is.
    pub(crate) removal: Option<Removal>,
}

/// How old rows are removed. The table is walked in the order of its key.
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) kept: Kept,
    pub(crate) start: Position,
    /// Key and time of the last row of the window after `$1`; `$2` rows are left out before it. The time is 0 where
    /// the key does not grow with it.
    pub(crate) last: &'static str,
    /// Deletes what is old after `$1` and up to `$2`, by itself and in the company of others.
    pub(crate) remove: [&'static str; 2],
    pub(crate) old: Old,
}

/// As long as what rows are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kept {
    /// The state of verifications.
    State,
    /// The audit.
    Audit,
    /// Refusals, which are kept for answering questions.
    Calls,
}

/// What `$3` of the deletion is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Old {
    /// Nothing.
    Never,
    /// Before when.
    Time,
    /// Before which day.
    Day,
}

/// A row's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Position {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Position {
    pub(crate) fn bind(&self, statement: Statement) -> Statement {
        match self {
            Self::Number(number) => statement.number(*number),
            Self::Text(text) => statement.text(text),
            Self::Bytes(bytes) => statement.bytes(bytes),
        }
    }

    /// After every key of the same kind.
    pub(crate) fn end(&self) -> Self {
        match self {
            Self::Number(_) => Self::Number(i64::MAX),
            // Keys are ASCII.
            Self::Text(_) => Self::Text("\u{7F}".to_owned()),
            // Keys have sixteen bytes.
            Self::Bytes(_) => Self::Bytes(vec![0xFF; 17]),
        }
    }

    /// The next column, a key of the same kind.
    pub(crate) fn read(&self, columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(match self {
            Self::Number(_) => Self::Number(columns.number()?),
            Self::Text(_) => Self::Text(columns.text()?.to_owned()),
            Self::Bytes(_) => Self::Bytes(columns.bytes()?.to_vec()),
        })
    }
}

/// The deletion for both databases: `FOR UPDATE` exists where there are others.
macro_rules! removal {
    ($text:literal, $lock:literal) => {
        [concat!($text, ")"), concat!($text, " FOR UPDATE", $lock, " SKIP LOCKED)")]
    };
}

pub(crate) use removal;

/// The primary key of a row.
pub(crate) type PrimaryKey = Vec<Value>;

impl Table {
    /// A table that no batch touches and nothing is removed from.
    pub(crate) const fn still(into: &'static str, kinds: &'static [Kind], key: usize) -> Self {
        Self { into, kinds, key, written: None, queries: &[], statements: &[], updates: &[], removal: None }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.into.split(' ').next().unwrap_or(self.into)
    }

    /// The number of the next row of a table that has `number` and gives it out itself; within a transaction that holds the row of
    /// `site`, so that it is nobody else's.
    pub(crate) async fn next_number(&self, connection: &mut Connection) -> Result<i64, StoreError> {
        let text = format!("SELECT COALESCE(max(number), 0) + 1 FROM {}", self.name());
        let found = connection.fetch(Statement::composed(text)).await?;
        let next = found.iter().next().map(|row| Columns::new(row, self.name()).number()).transpose()?;
        Ok(next.unwrap_or(1))
    }

    /// The columns, separated by a comma and a blank.
    pub(crate) fn columns(&self) -> &'static str {
        let inside = self.into.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        inside.map_or("", |(columns, _)| columns)
    }

    /// Whether the database gives out its keys.
    pub(crate) fn is_numbered(&self) -> bool {
        self.into.ends_with("OVERRIDING SYSTEM VALUE")
    }

    /// The columns of the key, each with this behind it.
    /// The columns of the primary key, each with this behind it.
    pub(crate) fn key_columns(&self, behind: &str) -> String {
        let columns: Vec<String> =
            self.columns().split(", ").take(self.key).map(|column| format!("{column}{behind}")).collect();
        columns.join(", ")
    }

    fn compared(&self, how: &str) -> String {
        format!("({}) {how} ({})", self.key_columns(""), Statement::places(1, self.key))
    }

    fn with_key(&self, text: String, key: Option<&PrimaryKey>) -> Statement {
        let values = key.into_iter().flatten().zip(self.kinds);
        values
            .fold(Statement::composed(text), |statement, (value, kind)| statement.with(*kind, value.clone()))
    }

    /// So many rows after this key, or from the beginning, in the order of the key. Both databases order by bytes.
    pub(crate) fn after(&self, key: Option<&PrimaryKey>, rows: usize) -> Statement {
        let bound = key.map_or_else(String::new, |_| format!(" WHERE {}", self.compared(">")));
        let (columns, name, order) = (self.columns(), self.name(), self.key_columns(""));
        self.with_key(format!("SELECT {columns} FROM {name}{bound} ORDER BY {order} LIMIT {rows}"), key)
    }

    /// The last key there is.
    pub(crate) fn last(&self) -> Statement {
        let (columns, name, order) = (self.key_columns(""), self.name(), self.key_columns(" DESC"));
        Statement::composed(format!("SELECT {columns} FROM {name} ORDER BY {order} LIMIT 1"))
    }

    /// How many rows there are up to this key, or altogether.
    pub(crate) fn count(&self, key: Option<&PrimaryKey>) -> Statement {
        let bound = key.map_or_else(String::new, |_| format!(" WHERE {}", self.compared("<=")));
        self.with_key(format!("SELECT count(*) FROM {}{bound}", self.name()), key)
    }

    /// Has PostgreSQL go on with the numbers after the last one.
    pub(crate) fn go_on(&self) -> Statement {
        let (name, key) = (self.name(), self.key_columns(""));
        Statement::composed(format!(
            "SELECT setval(pg_get_serial_sequence('{name}', '{key}'), coalesce(max({key}), 1), max({key}) IS NOT NULL) \
             FROM {name}"
        ))
    }

    /// The key of the last of these rows.
    pub(crate) fn key_of_last(&self, rows: &Rows) -> Option<PrimaryKey> {
        let last = rows.len().checked_sub(1)?;
        Some(rows.row(last)[..self.key].to_vec())
    }
}
