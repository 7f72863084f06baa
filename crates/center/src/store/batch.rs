//! Many rows in one statement, several statements in one trip: the one place where the databases differ.
//!
//! A batch becomes lists of placeholders, `VALUES (?, ?), (?, ?)`, and everything a batch writes goes to the database
//! as one script, because each trip to the database's thread and back costs as much as writing several rows. Lists
//! are filled up with empty rows to one of a few lengths, so that there are few texts and each is prepared only once.
//!
//! Passing a batch as one JSON text was measured first: taking it apart again was a quarter of the database's time.
//! Placeholders bear no numbers, because the driver looks up a numbered one by its name.

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, SqlSafeStr};

use super::StoreError;

/// Rows of one statement at most. Twenty columns each stay below the 32,766 parameters of one statement.
const MOST_ROWS: usize = 1_024;

/// One value of a row.
#[derive(Clone, Debug)]
enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The rows of a batch, all of one width. The first column of a row is never null.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    values: Vec<Value>,
    count: usize,
}

/// One row being written.
#[derive(Debug)]
pub(crate) struct RowWriter<'a>(&'a mut Vec<Value>);

/// Where rows go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Insert {
    /// The table and its columns: `t (a, b)`.
    pub(crate) into: &'static str,
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

/// Statements that go to the database together, in order.
#[derive(Debug, Default)]
pub(crate) struct Script {
    text: String,
    arguments: SqliteArguments,
}

impl Rows {
    /// Adds one row, whose values `write` puts in order.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut RowWriter<'_>)) {
        write(&mut RowWriter(&mut self.values));
        self.count += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

impl Script {
    /// Adds a statement without parameters.
    pub(crate) fn plain(&mut self, statement: &'static str) {
        self.text.push_str(statement);
        self.text.push_str(";\n");
    }

    /// Adds an insertion of all rows; nothing when there are none. `likely` is how many rows the longest list of the
    /// script has: lists of one length make fewer texts.
    ///
    /// A statement that fails midway leaves its rows in place (`OR FAIL`), which spares the database a journal for each
    /// statement: the caller gives up the whole transaction anyway.
    pub(crate) fn insert(&mut self, rows: Rows, insert: Insert, likely: usize) {
        self.lists(rows, likely, |text, list| {
            text.push_str("INSERT OR FAIL INTO ");
            text.push_str(insert.into);
            text.push_str(" SELECT * FROM (");
            list(text);
            text.push_str(") WHERE column1 IS NOT NULL ");
            text.push_str(insert.conflict);
        });
    }

    /// Adds a query about all rows; nothing when there are none. A row that is to be told apart in the answer carries
    /// its own number.
    pub(crate) fn query(&mut self, rows: Rows, query: Query) {
        let count = rows.count;
        self.lists(rows, count, |text, list| {
            text.push_str("WITH ");
            text.push_str(query.rows);
            text.push_str(" AS (SELECT * FROM (");
            list(text);
            text.push_str(") WHERE column1 IS NOT NULL) ");
            text.push_str(query.select);
        });
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn lists(&mut self, rows: Rows, likely: usize, around: impl Fn(&mut String, &dyn Fn(&mut String))) {
        let width = rows.values.len().checked_div(rows.count).unwrap_or(0);
        let mut values = rows.values.into_iter();
        let mut left = rows.count;
        while left > 0 {
            let taken = left.min(MOST_ROWS);
            let room = room(taken.max(likely.min(MOST_ROWS)));
            left -= taken;
            self.arguments.reserve(room * width, 0);
            values.by_ref().take(taken * width).for_each(|value| add(&mut self.arguments, value));
            (taken * width..room * width).for_each(|_| add(&mut self.arguments, Value::Null));
            around(&mut self.text, &|text| list(text, room, width));
            self.text.push_str(";\n");
        }
    }
}

/// A connection on which a transaction is open, or will be as soon as something is asked.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    connection: &'a mut SqliteConnection,
    transaction: Option<Transaction>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Transaction {
    Wanted,
    Open,
}

impl<'a> Session<'a> {
    /// Reads without a transaction around them.
    pub(crate) fn reading(connection: &'a mut SqliteConnection) -> Self {
        Self { connection, transaction: None }
    }

    /// A transaction that will write.
    pub(crate) fn writing(connection: &'a mut SqliteConnection) -> Self {
        Self { connection, transaction: Some(Transaction::Wanted) }
    }

    /// Asks about rows; nothing when there are none.
    pub(crate) async fn ask(&mut self, rows: Rows, query: Query) -> Result<Vec<SqliteRow>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut script = self.script();
        script.query(rows, query);
        let text = AssertSqlSafe(script.text).into_sql_str();
        Ok(sqlx::query_with(text, script.arguments).fetch_all(&mut *self.connection).await?)
    }

    /// Writes and commits. On an error nothing has happened, unless it came from the commit itself.
    pub(crate) async fn commit(mut self, write: impl FnOnce(&mut Script)) -> Result<(), StoreError> {
        let mut script = self.script();
        write(&mut script);
        script.plain("COMMIT");
        let written = self.run(script).await;
        if written.is_err() {
            // What went wrong first tells more than what goes wrong now.
            let _ = self.roll_back().await;
        }
        written
    }

    /// Gives everything up.
    pub(crate) async fn roll_back(mut self) -> Result<(), StoreError> {
        let mut script = Script::default();
        if self.transaction == Some(Transaction::Open) {
            script.plain("ROLLBACK");
        }
        self.run(script).await
    }

    /// A script that begins what has not begun.
    fn script(&mut self) -> Script {
        let mut script = Script::default();
        if self.transaction == Some(Transaction::Wanted) {
            script.plain("BEGIN IMMEDIATE");
            self.transaction = Some(Transaction::Open);
        }
        script
    }

    async fn run(&mut self, script: Script) -> Result<(), StoreError> {
        if !script.is_empty() {
            let text = AssertSqlSafe(script.text).into_sql_str();
            sqlx::query_with(text, script.arguments).execute(&mut *self.connection).await?;
        }
        Ok(())
    }
}

/// The length of the list that `count` rows are written in.
fn room(count: usize) -> usize {
    match count {
        0..=8 => count.next_power_of_two(),
        9..=64 => count.next_multiple_of(8),
        _ => count.next_multiple_of(64),
    }
}

fn list(text: &mut String, rows: usize, width: usize) {
    text.reserve(rows * (width * 3 + 4));
    for row in 0..rows {
        text.push_str(if row == 0 { "VALUES (" } else { ", (" });
        for column in 0..width {
            text.push_str(if column == 0 { "?" } else { ", ?" });
        }
        text.push(')');
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

    fn rows(count: i64) -> Rows {
        let mut rows = Rows::default();
        for at in 0..count {
            rows.push(|row| {
                row.number(at).optional_text(None);
            });
        }
        rows
    }

    const INSERT: Insert = Insert { into: "t (a, b)", conflict: "ON CONFLICT DO NOTHING" };

    fn inserted(count: i64, likely: usize) -> String {
        let mut script = Script::default();
        script.insert(rows(count), INSERT, likely);
        script.text
    }

    #[test]
    fn lists_have_few_lengths() {
        let lengths: std::collections::BTreeSet<_> = (1..=MOST_ROWS).map(room).collect();
        assert!(lengths.len() <= 26, "{lengths:?}");
        assert!((1..=MOST_ROWS).all(|count| room(count) >= count));
        assert_eq!([1, 3, 9, 64, 65].map(room), [1, 4, 16, 64, 128]);
    }

    #[test]
    fn no_rows_are_no_statement() {
        assert_eq!(inserted(0, 5), "");
    }

    #[test]
    fn a_list_is_filled_up_and_a_long_one_cut() {
        let expected = "INSERT OR FAIL INTO t (a, b) SELECT * FROM (VALUES (?, ?), (?, ?)) WHERE column1 IS NOT NULL \
            ON CONFLICT DO NOTHING;\n";
        assert_eq!(inserted(1, 2), expected);
        assert_eq!(inserted(1_025, 0).matches("INSERT").count(), 2);
    }

    #[test]
    fn a_query_asks_only_about_rows_that_are_there() {
        let mut script = Script::default();
        script.query(rows(1), Query { rows: "k (n, a)", select: "SELECT k.n FROM k" });
        let expected =
            "WITH k (n, a) AS (SELECT * FROM (VALUES (?, ?)) WHERE column1 IS NOT NULL) SELECT k.n FROM k;\n";
        assert_eq!(script.text, expected);
    }
}
