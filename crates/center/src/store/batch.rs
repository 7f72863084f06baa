//! Many rows in one statement: the one place where the databases differ.
//!
//! A batch becomes a list of rows of placeholders, `VALUES (?, ?), (?, ?)`, between the head and the tail of a
//! statement. Lists are cut into powers of two, so that there are few texts and each is prepared only once. Passing a
//! batch as one JSON text was measured first: taking it apart again was a quarter of the database's time.

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe};

use super::StoreError;

/// Rows of one statement at most.
const MOST_ROWS: usize = 64;

/// One value of a row.
#[derive(Clone, Debug)]
enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The rows of a batch, all of one width.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    values: Vec<Value>,
    count: usize,
}

/// A statement around the rows: `head`, the list, `tail`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub(crate) head: &'static str,
    pub(crate) tail: &'static str,
}

/// One row being written.
#[derive(Debug)]
pub(crate) struct RowWriter<'a>(&'a mut Vec<Value>);

impl Rows {
    /// Adds one row, whose values `write` puts in order.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut RowWriter<'_>)) {
        write(&mut RowWriter(&mut self.values));
        self.count += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Runs the statement over all rows; nothing when there are none.
    pub(crate) async fn execute(
        self,
        connection: &mut SqliteConnection,
        statement: Statement,
    ) -> Result<(), StoreError> {
        for (text, arguments) in self.cut(statement) {
            sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Runs a query over all rows. A statement sees only its own rows, so a row that is to be told apart in the answer
    /// carries its own number.
    pub(crate) async fn fetch(
        self,
        connection: &mut SqliteConnection,
        statement: Statement,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let mut out = Vec::with_capacity(self.count);
        for (text, arguments) in self.cut(statement) {
            out.extend(sqlx::query_with(AssertSqlSafe(text), arguments).fetch_all(&mut *connection).await?);
        }
        Ok(out)
    }

    /// The statements to run, with their arguments.
    fn cut(self, statement: Statement) -> Vec<(String, SqliteArguments)> {
        let width = self.values.len().checked_div(self.count).unwrap_or(0);
        let mut values = self.values.into_iter();
        let mut out = Vec::new();
        let mut left = self.count;
        while left > 0 {
            // The largest power of two that fits.
            let rows = (1 << left.ilog2()).min(MOST_ROWS);
            left -= rows;
            let mut arguments = SqliteArguments::default();
            arguments.reserve(rows * width, 0);
            for value in values.by_ref().take(rows * width) {
                add(&mut arguments, value);
            }
            out.push((text(statement, rows, width), arguments));
        }
        out
    }
}

fn add(arguments: &mut SqliteArguments, value: Value) {
    // These four types always encode.
    let _ = match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Number(number) => arguments.add(number),
        Value::Text(text) => arguments.add(text),
        Value::Bytes(bytes) => arguments.add(bytes),
    };
}

fn text(statement: Statement, rows: usize, width: usize) -> String {
    let mut out = String::with_capacity(statement.head.len() + statement.tail.len() + rows * (width * 3 + 4));
    out.push_str(statement.head);
    for row in 0..rows {
        out.push_str(if row == 0 { " VALUES (" } else { ", (" });
        for column in 0..width {
            out.push_str(if column == 0 { "?" } else { ", ?" });
        }
        out.push(')');
    }
    out.push(' ');
    out.push_str(statement.tail);
    out
}

impl RowWriter<'_> {
    fn put(&mut self, value: Value) -> &mut Self {
        self.0.push(value);
        self
    }

    pub(crate) fn null(&mut self) -> &mut Self {
        self.put(Value::Null)
    }

    pub(crate) fn number(&mut self, value: i64) -> &mut Self {
        self.put(Value::Number(value))
    }

    pub(crate) fn optional_number(&mut self, value: Option<i64>) -> &mut Self {
        self.put(value.map_or(Value::Null, Value::Number))
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.put(Value::Text(value.to_owned()))
    }

    pub(crate) fn optional_text(&mut self, value: Option<&str>) -> &mut Self {
        self.put(value.map_or(Value::Null, |value| Value::Text(value.to_owned())))
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.put(Value::Bytes(value.to_vec()))
    }

    pub(crate) fn optional_bytes(&mut self, value: Option<&[u8]>) -> &mut Self {
        self.put(value.map_or(Value::Null, |value| Value::Bytes(value.to_vec())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_cut_into_powers_of_two() {
        let statement = Statement { head: "INSERT INTO t (a, b)", tail: "ON CONFLICT DO NOTHING" };
        let rows = |count| {
            let mut rows = Rows::default();
            for _ in 0..count {
                rows.push(|row| {
                    row.number(1).optional_text(None);
                });
            }
            rows.cut(statement).into_iter().map(|(text, _)| text.matches('(').count() - 1).collect::<Vec<_>>()
        };
        assert!(rows(0).is_empty());
        assert_eq!(rows(7), [4, 2, 1]);
        assert_eq!(rows(201), [64, 64, 64, 8, 1]);
        assert_eq!(
            text(statement, 2, 2),
            "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING"
        );
    }
}
