//! One connection to either database, and what is asked of it one statement at a time.
//!
//! Statements are written once, with numbered parameters, in the words both databases understand. What is written in
//! batches is in [`super::batch`].

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, ColumnIndex, Connection as _, Decode, Row, SqlSafeStr, SqlStr, Type};

use super::StoreError;
use super::answer::answer;
use super::embedded::EmbeddedConnection;
use super::shared_connection::SharedConnection;

/// A connection.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(EmbeddedConnection),
    Postgres(PgConnection),
    /// To an embedded database that several centers share in a world in memory.
    Shared(SharedConnection),
}

/// One value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A statement with its parameters.
#[derive(Debug)]
pub(crate) struct Statement {
    text: SqlStr,
    values: Vec<(Kind, Value)>,
}

/// The type of a value, known even when it is null.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Number,
    Text,
    Bytes,
}

/// The rows of an answer.
#[derive(Debug)]
pub(crate) enum Found {
    Sqlite(Vec<SqliteRow>),
    Postgres(Vec<PgRow>),
}

/// One row of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowRef<'a> {
    Sqlite(&'a SqliteRow),
    Postgres(&'a PgRow),
}

impl Found {
    pub(crate) fn none() -> Self {
        Self::Sqlite(Vec::new())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Sqlite(rows) => rows.len(),
            Self::Postgres(rows) => rows.len(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = RowRef<'_>> {
        (0..self.len()).map(|at| match self {
            Self::Sqlite(rows) => RowRef::Sqlite(&rows[at]),
            Self::Postgres(rows) => RowRef::Postgres(&rows[at]),
        })
    }
}

impl RowRef<'_> {
    /// The value of a column, which must be of this type or null.
    pub(crate) fn value(self, column: usize, kind: Kind) -> Result<Value, sqlx::Error> {
        match self {
            Self::Sqlite(row) => match kind {
                Kind::Number => cell(row, column, Value::Number),
                Kind::Text => cell(row, column, Value::Text),
                Kind::Bytes => cell(row, column, Value::Bytes),
            },
            Self::Postgres(row) => match kind {
                Kind::Number => cell(row, column, Value::Number),
                Kind::Text => cell(row, column, Value::Text),
                Kind::Bytes => cell(row, column, Value::Bytes),
            },
        }
    }
}

fn cell<'r, R, T>(row: &'r R, column: usize, make: impl Fn(T) -> Value) -> Result<Value, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    T: Decode<'r, R::Database> + Type<R::Database>,
{
    Ok(row.try_get::<Option<T>, _>(column)?.map_or(Value::Null, make))
}

impl Statement {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text: text.into_sql_str(), values: Vec::new() }
    }

    /// A statement whose text was put together from names of tables and columns that stand in this program.
    pub(crate) fn composed(text: String) -> Self {
        Self { text: AssertSqlSafe(text).into_sql_str(), values: Vec::new() }
    }

    /// One that writes many rows: `into` names the table and its columns, `tail` follows the rows. There is at least one, and
    /// all are of the same length.
    pub(crate) fn of_rows(
        into: &str,
        rows: impl IntoIterator<Item = Vec<(Kind, Value)>>,
        tail: &str,
    ) -> Self {
        let mut values = Vec::new();
        let mut text = format!("{into} VALUES ");
        for (at, row) in rows.into_iter().enumerate() {
            let first = values.len() + 1;
            text.push_str(if at == 0 { "(" } else { ", (" });
            text.push_str(&Self::places(first, row.len()));
            text.push(')');
            values.extend(row);
        }
        text.push(' ');
        text.push_str(tail);
        Self { text: AssertSqlSafe(text).into_sql_str(), values }
    }

    /// Places for so many values from this number on, as a list of a statement has them: `$3, $4`.
    pub(crate) fn places(first: usize, count: usize) -> String {
        let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
        places.join(", ")
    }

    #[cfg(test)]
    pub(crate) fn words(&self) -> &str {
        self.text.as_str()
    }

    pub(crate) fn with(mut self, kind: Kind, value: Value) -> Self {
        self.values.push((kind, value));
        self
    }

    pub(crate) fn number(self, value: i64) -> Self {
        self.with(Kind::Number, Value::Number(value))
    }

    pub(crate) fn optional_number(self, value: Option<i64>) -> Self {
        self.with(Kind::Number, value.map_or(Value::Null, Value::Number))
    }

    pub(crate) fn text(self, value: &str) -> Self {
        self.with(Kind::Text, Value::Text(value.to_owned()))
    }

    pub(crate) fn optional_text(self, value: Option<&str>) -> Self {
        self.with(Kind::Text, value.map_or(Value::Null, |value| Value::Text(value.to_owned())))
    }

    pub(crate) fn bytes(self, value: &[u8]) -> Self {
        self.with(Kind::Bytes, Value::Bytes(value.to_vec()))
    }

    fn sqlite(self) -> (SqlStr, SqliteArguments) {
        let mut arguments = SqliteArguments::default();
        self.values.into_iter().for_each(|(_, value)| add_sqlite(&mut arguments, value));
        (self.text, arguments)
    }

    fn postgres(self) -> (SqlStr, PgArguments) {
        let mut arguments = PgArguments::default();
        for (kind, value) in self.values {
            // These types always encode.
            let _ = match (kind, value) {
                (_, Value::Number(number)) => arguments.add(number),
                (_, Value::Text(text)) => arguments.add(text),
                (_, Value::Bytes(bytes)) => arguments.add(bytes),
                (Kind::Number, Value::Null) => arguments.add(None::<i64>),
                (Kind::Text, Value::Null) => arguments.add(None::<String>),
                (Kind::Bytes, Value::Null) => arguments.add(None::<Vec<u8>>),
            };
        }
        (self.text, arguments)
    }
}

pub(super) fn add_sqlite(arguments: &mut SqliteArguments, value: Value) {
    // These four types always encode.
    let _ = match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Number(number) => arguments.add(number),
        Value::Text(text) => arguments.add(text),
        Value::Bytes(bytes) => arguments.add(bytes),
    };
}

impl Connection {
    /// Runs a statement; tells how many rows it touched.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                let (text, arguments) = statement.sqlite();
                let done = connection.execute(sqlx::query_with(text, arguments)).await?;
                Ok(done.rows_affected())
            }
            Self::Postgres(connection) => {
                let (text, arguments) = statement.postgres();
                let done = sqlx::query_with(text, arguments).execute(connection);
                Ok(answer(done).await?.rows_affected())
            }
            Self::Shared(connection) => {
                let (text, arguments) = statement.sqlite();
                Box::pin(connection.run(text, arguments)).await
            }
        }
    }

    /// Asks for rows.
    pub(crate) async fn fetch(&mut self, statement: Statement) -> Result<Found, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                let (text, arguments) = statement.sqlite();
                let rows = connection.fetch_all(sqlx::query_with(text, arguments)).await?;
                Ok(Found::Sqlite(rows))
            }
            Self::Postgres(connection) => {
                let (text, arguments) = statement.postgres();
                let rows = sqlx::query_with(text, arguments).fetch_all(connection);
                Ok(Found::Postgres(answer(rows).await?))
            }
            Self::Shared(connection) => {
                let (text, arguments) = statement.sqlite();
                Box::pin(connection.fetch(text, arguments)).await.map(Found::Sqlite)
            }
        }
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
        let text = match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
            Self::Shared(connection) => return Box::pin(connection.begin()).await,
        };
        self.run(Statement::new(text)).await.map(|_| ())
    }

    /// Ends it, keeping everything.
    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Shared(connection) => Box::pin(connection.commit()).await.map_err(|not| not.error),
            _ => self.run(Statement::new("COMMIT")).await.map(|_| ()),
        }
    }

    /// Ends a transaction: commits what was done, or takes all of it back because of an error.
    pub(crate) async fn settle<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let ended = match done {
            Ok(done) => self.commit().await.map(|()| done),
            Err(error) => Err(error),
        };
        if ended.is_err() {
            // What went wrong first tells more than what goes wrong now.
            let _ = self.roll_back().await;
        }
        ended
    }

    /// Ends it, keeping nothing.
    pub(crate) async fn roll_back(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Shared(connection) => Box::pin(connection.roll_back()).await,
            _ => self.run(Statement::new("ROLLBACK")).await.map(|_| ()),
        }
    }

    pub(crate) async fn close(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => Ok(connection.close().await?),
            Self::Postgres(connection) => answer(connection.close()).await,
            Self::Shared(connection) => {
                drop(connection);
                Ok(())
            }
        }
    }
}
