//! Batches on `SQLite`.
//!
//! A batch becomes lists of placeholders, `VALUES (?, ?), (?, ?)`, and everything a batch writes goes to the database
//! as one script, because each trip to the database's thread and back costs as much as writing several rows. Lists
//! are filled up with empty rows to one of a few lengths, so that there are few texts and each is prepared only once.
//!
//! Passing a batch as one JSON text was measured first: taking it apart again was a quarter of the database's time.
//! Placeholders bear no numbers, because the driver looks up a numbered one by its name.

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, SqlSafeStr};

use super::rows::Rows;
use super::script::{Insert, Query, Script, Update, Write};
use crate::ports::DiskWork;
use crate::store::StoreError;
use crate::store::connection::{Found, Value, add_sqlite};
use crate::store::embedded::EmbeddedConnection;

/// Rows of one statement at most. Twenty columns each stay below the 32,766 parameters of one statement.
const MOST_ROWS: usize = 1_024;

/// Statements that go to the database in one trip.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(super) arguments: SqliteArguments,
}

impl Text {
    /// Adds a statement without parameters.
    pub(super) fn plain(&mut self, statement: &'static str) {
        self.text.push_str(statement);
        self.text.push_str(";\n");
    }

    /// Adds an insertion of all rows. `likely` is how many rows the longest list of the script has: lists of one
    /// length make fewer texts.
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

    /// Adds a change of all rows.
    pub(crate) fn update(&mut self, rows: Rows, update: Update, likely: usize) {
        self.lists(rows, likely, |text, list| {
            named(text, update.rows, list);
            text.push_str("UPDATE OR FAIL ");
            text.push_str(update.set);
        });
    }

    /// Adds everything that is to be written.
    pub(super) fn writes(&mut self, script: Script) {
        let longest = script.0.iter().map(|(rows, _)| rows.len()).max().unwrap_or(0);
        for (rows, write) in script.0 {
            match write {
                Write::Insert(insert) => self.insert(rows, insert, longest),
                Write::Update(update) => self.update(rows, update, longest),
            }
        }
    }

    /// Adds a query about all rows.
    pub(crate) fn query(&mut self, rows: Rows, query: Query) {
        let count = rows.count;
        self.lists(rows, count, |text, list| {
            named(text, query.rows, list);
            text.push_str(query.select);
        });
    }

    fn lists(&mut self, rows: Rows, likely: usize, around: impl Fn(&mut String, &dyn Fn(&mut String))) {
        let width = rows.width();
        let mut values = rows.values.into_iter();
        let mut left = rows.count;
        while left > 0 {
            let taken = left.min(MOST_ROWS);
            let room = room(taken.max(likely.min(MOST_ROWS)));
            left -= taken;
            self.arguments.reserve(room * width, 0);
            values.by_ref().take(taken * width).for_each(|value| add_sqlite(&mut self.arguments, value));
            (taken * width..room * width).for_each(|_| add_sqlite(&mut self.arguments, Value::Null));
            around(&mut self.text, &|text| list(text, room, width));
            self.text.push_str(";\n");
        }
    }
}

/// See [`super::Session`].
#[derive(Debug)]
pub(crate) struct SqliteSession<'a> {
    connection: &'a mut EmbeddedConnection,
    transaction: Option<SqliteTransaction>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum SqliteTransaction {
    Wanted,
    Open,
}

impl<'a> SqliteSession<'a> {
    pub(super) fn reading(connection: &'a mut EmbeddedConnection) -> Self {
        Self { connection, transaction: None }
    }

    pub(super) fn writing(connection: &'a mut EmbeddedConnection) -> Self {
        Self { connection, transaction: Some(SqliteTransaction::Wanted) }
    }

    pub(super) async fn query(&mut self, rows: Rows, query: Query) -> Result<Found, StoreError> {
        let mut text = self.text();
        text.query(rows, query);
        let sql = AssertSqlSafe(text.text).into_sql_str();
        let found = self.connection.fetch_all(sqlx::query_with(sql, text.arguments)).await?;
        if self.transaction.is_none() {
            self.connection.settle(DiskWork::Read).await;
        }
        Ok(Found::Sqlite(found))
    }

    /// On an error nothing has happened, unless it came from the commit itself.
    pub(super) async fn commit(mut self, script: Script) -> Result<(), StoreError> {
        let mut text = self.text();
        text.writes(script);
        text.plain("COMMIT");
        let written = self.run(text).await;
        if written.is_err() {
            // What went wrong first tells more than what goes wrong now.
            let _ = self.roll_back().await;
        } else {
            self.connection.settle(DiskWork::Commit).await;
        }
        written
    }

    /// Writes within a transaction that somebody else has begun.
    #[cfg(test)]
    pub(super) async fn write_within(mut self, script: Script) -> Result<(), StoreError> {
        let mut text = self.text();
        text.writes(script);
        self.run(text).await
    }

    pub(super) async fn roll_back(mut self) -> Result<(), StoreError> {
        let mut text = Text::default();
        if self.transaction == Some(SqliteTransaction::Open) {
            text.plain("ROLLBACK");
        }
        self.run(text).await
    }

    /// A text that begins what has not begun.
    fn text(&mut self) -> Text {
        let mut text = Text::default();
        if self.transaction == Some(SqliteTransaction::Wanted) {
            text.plain("BEGIN IMMEDIATE");
            self.transaction = Some(SqliteTransaction::Open);
        }
        text
    }

    async fn run(&mut self, text: Text) -> Result<(), StoreError> {
        if !text.text.is_empty() {
            let sql = AssertSqlSafe(text.text).into_sql_str();
            self.connection.execute(sqlx::query_with(sql, text.arguments)).await?;
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

/// A list as a table of that name, for the statement that follows.
fn named(text: &mut String, rows: &str, list: &dyn Fn(&mut String)) {
    text.push_str("WITH ");
    text.push_str(rows);
    text.push_str(" AS (SELECT * FROM (");
    list(text);
    text.push_str(") WHERE column1 IS NOT NULL) ");
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

    const INSERT: Insert = Insert { into: "t (a, b)", key: 1, conflict: "ON CONFLICT DO NOTHING" };

    fn inserted(count: i64, likely: usize) -> String {
        let mut text = Text::default();
        text.insert(rows(count), INSERT, likely);
        text.text
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
        let mut script = Script::default();
        script.insert(rows(0), INSERT);
        assert!(script.0.is_empty());
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
        let mut text = Text::default();
        text.query(rows(1), Query { rows: "k (n, a)", select: "SELECT k.n FROM k" });
        let expected =
            "WITH k (n, a) AS (SELECT * FROM (VALUES (?, ?)) WHERE column1 IS NOT NULL) SELECT k.n FROM k;\n";
        assert_eq!(text.text, expected);
    }
}
