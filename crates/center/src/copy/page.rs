//! A bounded number of rows, read from either database and told apart from others by their hash.

use std::fmt;

use sm3::{Digest, Sm3};

use crate::store::StoreError;
use crate::store::batch::Rows;
use crate::store::connection::{Connection, Statement, Value};
use crate::store::table::{PrimaryKey, Table};

/// Rows that are read, written and committed together. Two such pages of the widest table take about three megabytes.
pub(super) const PAGE_ROWS: usize = 2_000;

/// How many rows a table has, and the hash of all of them.
#[derive(Clone, PartialEq, Eq)]
pub struct TableSum {
    /// Rows.
    pub rows: u64,
    /// SM3 over every value of every row, in the order of the primary key.
    pub hash: [u8; 32],
}

impl TableSum {
    /// The first eight bytes of the hash, for people to compare.
    pub fn short(&self) -> String {
        let mut first = [0; 8];
        first.copy_from_slice(&self.hash[..8]);
        format!("{:016x}", u64::from_be_bytes(first))
    }
}

impl fmt::Debug for TableSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableSum({} {})", self.rows, self.short())
    }
}

/// Counts and hashes the rows of one table, page by page.
pub(super) struct Summing {
    rows: u64,
    hash: Sm3,
}

/// The rows after this key; none at the end of the table.
pub(super) async fn read(
    connection: &mut Connection,
    table: &Table,
    after: Option<&PrimaryKey>,
) -> Result<Rows, StoreError> {
    let found = connection.fetch(table.after(after, PAGE_ROWS)).await?;
    let mut rows = Rows::default();
    for row in found.iter() {
        let values = table.kinds.iter().enumerate().map(|(column, kind)| row.value(column, *kind));
        let values: Vec<Value> = values.collect::<Result<_, _>>().map_err(|_| impossible(table))?;
        rows.push(|writer| {
            for (kind, value) in table.kinds.iter().zip(values) {
                writer.put(*kind, value);
            }
        });
    }
    Ok(rows)
}

/// The last key there is; none in an empty table.
pub(super) async fn last_key(
    connection: &mut Connection,
    table: &Table,
) -> Result<Option<PrimaryKey>, StoreError> {
    let found = connection.fetch(table.last()).await?;
    let Some(row) = found.iter().next() else { return Ok(None) };
    let values = table.kinds.iter().take(table.key).enumerate();
    let key: Result<PrimaryKey, _> = values.map(|(column, kind)| row.value(column, *kind)).collect();
    key.map(Some).map_err(|_| impossible(table))
}

/// A count.
pub(super) async fn count(connection: &mut Connection, statement: Statement) -> Result<u64, StoreError> {
    let found = connection.fetch(statement).await?;
    let number = found.iter().next().map(|row| crate::store::row::Columns::new(row, "count").number());
    Ok(number.transpose()?.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

/// `SQLite` takes a value of any type into any column; this program writes none that does not fit.
fn impossible(table: &Table) -> StoreError {
    StoreError::Impossible { table: table.name(), what: "某一列的类型不对" }
}

impl Summing {
    pub(super) fn new() -> Self {
        Self { rows: 0, hash: Sm3::new() }
    }

    pub(super) fn add(&mut self, rows: &Rows) {
        for at in 0..rows.len() {
            rows.row(at).iter().for_each(|value| self.value(value));
        }
        self.rows += rows.len() as u64;
    }

    /// Each value behind its type and its length, so that no two lists of values look alike.
    fn value(&mut self, value: &Value) {
        let (kind, bytes): (u8, &[u8]) = match value {
            Value::Null => (0, &[]),
            Value::Number(number) => (1, &number.to_be_bytes()),
            Value::Text(text) => (2, text.as_bytes()),
            Value::Bytes(bytes) => (3, bytes),
        };
        self.hash.update([kind]);
        self.hash.update((bytes.len() as u64).to_be_bytes());
        self.hash.update(bytes);
    }

    pub(super) fn sum(self) -> TableSum {
        TableSum { rows: self.rows, hash: self.hash.finalize().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::connection::Kind;

    fn sum(rows: &[[Value; 2]]) -> TableSum {
        let mut page = Rows::default();
        for values in rows {
            page.push(|row| {
                for value in values {
                    row.put(Kind::Text, value.clone());
                }
            });
        }
        let mut summing = Summing::new();
        summing.add(&page);
        summing.sum()
    }

    #[test]
    fn whatever_differs_has_another_hash() {
        let text = |text: &str| Value::Text(text.to_owned());
        let all = [
            vec![[text("ab"), text("c")]],
            vec![[text("a"), text("bc")]],
            vec![[text("ab"), Value::Null]],
            vec![[Value::Null, text("ab")]],
            vec![[text("ab"), text("")]],
            vec![[text("ab"), Value::Bytes(b"c".to_vec())]],
            vec![[text("ab"), Value::Number(99)]],
            vec![[text("ab"), text("c")], [text("ab"), text("c")]],
            vec![],
        ];
        for (at, one) in all.iter().enumerate() {
            for (other_at, other) in all.iter().enumerate() {
                assert_eq!(sum(one) == sum(other), at == other_at, "{one:?} {other:?}");
            }
        }
    }
}
