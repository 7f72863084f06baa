//! Batches on PostgreSQL.
//!
//! The columns of a batch become arrays, and the server makes rows of them again (`unnest`): one text for each
//! statement, however many rows there are, prepared once. What a batch writes is one statement too, its writes
//! being parts of one `WITH`: they go to different tables, so that none needs to see another.
//!
//! # Several writers
//!
//! Other ledgers, in this process and in others, write to the same tables. Whoever decides about a token must be the
//! only one to do so, and likewise for a person, whose budget is shared by all of the person's tokens. So a
//! transaction first locks the rows of its tokens, then those of their persons, then those of documents whose
//! password is tried, then the numbers that stand for face authorizations, each in the order of their keys; everything else
//! it writes hangs on one of them. All transactions take their locks in this one order, so no two wait for each other.
//!
//! A row that is not there cannot be locked. Tokens that nobody knew, and their persons, are therefore written
//! ahead, each statement a transaction of its own that holds rows of one table only. A person is there before the
//! token that leads to it. A face authorization gets its row only with what it confirms, so an advisory lock stands for it.
//!
//! The facts are read by another statement than the one that locks: a statement sees the database as it was when
//! it began, which is before it had waited.

use hashbrown::HashSet;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments, AssertSqlSafe, SqlSafeStr};
use yanmi_protocol::EcToken;
use yanmi_verification::PersonKey;

use super::rows::Rows;
use super::script::{Insert, Query, Script, Write};
use crate::store::StoreError;
use crate::store::answer::answer;
use crate::store::connection::{Found, Kind, RowRef, Value};
use crate::store::fault::Fault;
use crate::store::not_committed::NotCommitted;
use crate::store::row::Columns;

/// Locks, and tells the tokens that were found, each with whether its person was. A token whose person was removed in
/// this moment (`ledger::removal`) is as good as none: it is asked for again. The persons are found by the tokens; those
/// of the second list are locked besides, and the outer join makes sure of it when there are no tokens. Persons are
/// compared with an array: a row that had to be waited for is looked at again by itself, and would not be found in a
/// list that is part of the query.
const LOCK: &str = "\
    WITH t AS MATERIALIZED (\
        SELECT token, person FROM tokens WHERE token = ANY($1::text[]) ORDER BY token FOR UPDATE\
    ), p AS MATERIALIZED (\
        SELECT person FROM persons \
        WHERE person = ANY(ARRAY(SELECT person FROM t UNION ALL SELECT unnest($2::bytea[]))) \
        ORDER BY person FOR UPDATE\
    ) SELECT t.token, CAST(t.person IN (SELECT person FROM p) AS int)::bigint \
    FROM (SELECT count(*) FROM p) AS locked LEFT JOIN t ON true";

/// Locks numbers in their order, which the subquery keeps.
const LOCK_NUMBERS: &str =
    "SELECT pg_advisory_xact_lock(k.number) FROM (SELECT unnest($1::bigint[]) AS number ORDER BY 1) AS k";

/// See [`super::Session`].
#[derive(Debug)]
pub(crate) struct PostgresSession<'a> {
    connection: &'a mut PgConnection,
    transaction: Option<PostgresTransaction>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum PostgresTransaction {
    Wanted,
    Open,
}

/// The values of one column.
#[derive(Debug)]
enum Column {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl<'a> PostgresSession<'a> {
    pub(super) fn reading(connection: &'a mut PgConnection) -> Self {
        Self { connection, transaction: None }
    }

    pub(super) fn writing(connection: &'a mut PgConnection) -> Self {
        Self { connection, transaction: Some(PostgresTransaction::Wanted) }
    }

    pub(super) async fn insert_ahead(&mut self, rows: Rows, insert: Insert) -> Result<Found, StoreError> {
        let mut arguments = PgArguments::default();
        let list = list(&mut arguments, rows, insert.key, 0);
        let text = format!(
            "INSERT INTO {} SELECT k.* FROM {list} AS k, \
             (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried {}",
            insert.into, insert.conflict
        );
        let text = AssertSqlSafe(text).into_sql_str();
        let found = sqlx::query_with(text, arguments).fetch_all(&mut *self.connection);
        answer(found).await.map(Found::Postgres)
    }

    pub(super) async fn lock_numbers(&mut self, mut numbers: Vec<i64>) -> Result<(), StoreError> {
        self.begin().await?;
        numbers.sort_unstable();
        numbers.dedup();
        let held = sqlx::query(LOCK_NUMBERS).bind(numbers).execute(&mut *self.connection);
        answer(held).await.map(|_| ())
    }

    pub(super) async fn lock(
        &mut self,
        tokens: Vec<EcToken>,
        persons: Vec<PersonKey>,
    ) -> Result<HashSet<EcToken>, StoreError> {
        self.begin().await?;
        let tokens: Vec<String> = tokens.iter().map(|token| token.as_str().to_owned()).collect();
        let persons: Vec<Vec<u8>> = persons.iter().map(|person| person.0.to_vec()).collect();
        let found = sqlx::query(LOCK).bind(tokens).bind(persons).fetch_all(&mut *self.connection);
        let found = answer(found).await?;
        found
            .iter()
            .filter_map(|row| locked(Columns::new(RowRef::Postgres(row), "tokens")).transpose())
            .collect()
    }

    pub(super) async fn query(&mut self, rows: Rows, query: Query) -> Result<Found, StoreError> {
        self.begin().await?;
        let mut arguments = PgArguments::default();
        let list = list(&mut arguments, rows, 0, 0);
        let text = AssertSqlSafe(format!("{} {}", named(query.rows, &list), query.select)).into_sql_str();
        let found = sqlx::query_with(text, arguments).fetch_all(&mut *self.connection);
        answer(found).await.map(Found::Postgres)
    }

    pub(super) async fn lock_or_insert(&mut self, rows: Rows, keep: Insert) -> Result<Found, StoreError> {
        self.begin().await?;
        let mut arguments = PgArguments::default();
        let text = AssertSqlSafe(insertion(&mut arguments, rows, keep, 0)).into_sql_str();
        let found = sqlx::query_with(text, arguments).fetch_all(&mut *self.connection);
        answer(found).await.map(Found::Postgres)
    }

    pub(super) async fn commit(mut self, script: Script) -> Result<(), NotCommitted> {
        if let Err(error) = self.write(script).await {
            self.abandon(&error).await;
            return Err(error.into());
        }
        match answer(sqlx::raw_sql("COMMIT").execute(&mut *self.connection)).await {
            Ok(_) => Ok(()),
            // A server that refuses says so. One that is gone may have done it before it went.
            Err(error) => Err(NotCommitted { unknown: Fault::of(&error) == Fault::Lost, error }),
        }
    }

    pub(super) async fn write(&mut self, script: Script) -> Result<(), StoreError> {
        self.begin().await?;
        let mut arguments = PgArguments::default();
        let mut text = String::from("WITH ");
        let mut used = 0;
        for (at, (rows, write)) in script.0.into_iter().enumerate() {
            let width = rows.width();
            let part = match write {
                Write::Insert(insert) => insertion(&mut arguments, rows, insert, used),
                Write::Update(update) => {
                    let list = list(&mut arguments, rows, update.key, used);
                    format!("{} UPDATE {}", named(update.rows, &list), update.set)
                }
            };
            used += width;
            let comma = if at == 0 { "" } else { ", " };
            text = format!("{text}{comma}w{at} AS ({part})");
        }
        text.push_str(" SELECT 1 WHERE false");
        let text = AssertSqlSafe(text).into_sql_str();
        answer(sqlx::query_with(text, arguments).execute(&mut *self.connection)).await.map(|_| ())
    }

    /// Gives everything up because of an error. A server that is gone is not waited for once more.
    pub(super) async fn abandon(self, error: &StoreError) {
        if Fault::of(error) != Fault::Lost {
            // What went wrong first tells more than what goes wrong now.
            let _ = self.roll_back().await;
        }
    }

    pub(super) async fn roll_back(self) -> Result<(), StoreError> {
        if self.transaction == Some(PostgresTransaction::Open) {
            answer(sqlx::raw_sql("ROLLBACK").execute(&mut *self.connection)).await?;
        }
        Ok(())
    }

    /// Begins what has not begun.
    async fn begin(&mut self) -> Result<(), StoreError> {
        if self.transaction == Some(PostgresTransaction::Wanted) {
            answer(sqlx::raw_sql("BEGIN").execute(&mut *self.connection)).await?;
            self.transaction = Some(PostgresTransaction::Open);
        }
        Ok(())
    }
}

/// The token of a row of [`LOCK`], if its person was there to be locked too.
fn locked(mut row: Columns<'_>) -> Result<Option<EcToken>, StoreError> {
    let Some(token) = row.optional_token()? else { return Ok(None) };
    Ok(row.flag()?.then_some(token))
}

fn insertion(arguments: &mut PgArguments, rows: Rows, insert: Insert, used: usize) -> String {
    let list = list(arguments, rows, insert.key, used);
    format!("INSERT INTO {} SELECT * FROM {list} {}", insert.into, insert.conflict)
}

/// A list as a table of that name, for the statement that follows.
fn named(rows: &str, list: &str) -> String {
    format!("WITH {rows} AS (SELECT * FROM {list})")
}

/// Rows as parameters, and the text that makes them rows again. `used` parameters are there already.
fn list(arguments: &mut PgArguments, rows: Rows, key: usize, used: usize) -> String {
    let mut text = String::from("unnest(");
    for (at, column) in columns(rows, key).into_iter().enumerate() {
        let kind = match &column {
            Column::Numbers(_) => "bigint",
            Column::Texts(_) => "text",
            Column::Bytes(_) => "bytea",
        };
        let comma = if at == 0 { "" } else { ", " };
        text = format!("{text}{comma}${}::{kind}[]", used + at + 1);
        // These three types always encode.
        let _ = match column {
            Column::Numbers(values) => arguments.add(values),
            Column::Texts(values) => arguments.add(values),
            Column::Bytes(values) => arguments.add(values),
        };
    }
    text.push(')');
    text
}

/// Turns rows into columns: in the order of their keys, of those that are alike the last one.
fn columns(mut rows: Rows, key: usize) -> Vec<Column> {
    let width = rows.width();
    let kept = rows.distinct(key);
    let mut values = std::mem::take(&mut rows.values);
    let mut take = |at: usize| std::mem::replace(&mut values[at], Value::Null);
    let column = |(column, kind): (usize, &Kind)| {
        let cells = kept.iter().map(|row| take(row * width + column));
        match kind {
            Kind::Number => Column::Numbers(cells.map(|value| number(&value)).collect()),
            Kind::Text => Column::Texts(cells.map(text).collect()),
            Kind::Bytes => Column::Bytes(cells.map(bytes).collect()),
        }
    };
    rows.kinds.iter().enumerate().map(column).collect()
}

fn number(value: &Value) -> Option<i64> {
    if let Value::Number(number) = value { Some(*number) } else { None }
}

fn text(value: Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns_in_the_order_of_their_keys_and_the_last_of_two_that_are_alike_counts() {
        let mut rows = Rows::default();
        for (key, value) in [("b", Some(1)), ("a", None), ("b", Some(2)), ("a", Some(3)), ("c", None)] {
            rows.push(|row| {
                row.text(key).optional_number(value);
            });
        }
        let mut columns = columns(rows, 1).into_iter();
        let (Some(Column::Texts(keys)), Some(Column::Numbers(values)), None) =
            (columns.next(), columns.next(), columns.next())
        else {
            panic!("two columns")
        };
        assert_eq!(keys, ["a", "b", "c"].map(|key| Some(key.to_owned())));
        assert_eq!(values, [Some(3), Some(2), None]);
    }

    #[test]
    fn rows_without_a_key_keep_their_order() {
        let mut rows = Rows::default();
        for number in [3, 1, 1, 2] {
            rows.push(|row| {
                row.number(number);
            });
        }
        let mut arguments = PgArguments::default();
        let insert = Insert { into: "t (a)", key: 0, conflict: "" };
        assert_eq!(
            insertion(&mut arguments, rows, insert, 2),
            "INSERT INTO t (a) SELECT * FROM unnest($3::bigint[]) "
        );
    }
}
