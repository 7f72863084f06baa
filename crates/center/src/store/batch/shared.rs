//! Batches on an embedded database that several centers share in a world in memory: the texts of the embedded database, and the
//! transactions of PostgreSQL.
//!
//! The same rows are held in the same order as in `postgres`, each statement sees what was committed when it began, and what is
//! written is written at the end. A row that a transaction makes without knowing whether it will be committed
//! ([`SharedSession::lock_or_insert`]) is made, read and taken back, and made again when the batch is written: nobody else sees it
//! until then, and nobody else makes the same.
//!
//! One thing is not as on PostgreSQL: a person whose row came while a token's row was waited for is found.

use hashbrown::HashSet;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use yanmi_protocol::EcToken;
use yanmi_verification::PersonKey;

use super::rows::Rows;
use super::script::{Insert, Query, Script};
use super::sqlite::Text;
use crate::ports::RowLock;
use crate::store::StoreError;
use crate::store::connection::{Found, RowRef, Value};
use crate::store::fault::Fault;
use crate::store::not_committed::NotCommitted;
use crate::store::row::Columns;
use crate::store::shared_connection::SharedConnection;

const TOKENS: Query = Query {
    rows: "k (token)",
    select: "SELECT t.token, t.person FROM k JOIN tokens t ON t.token = k.token ORDER BY t.token",
};
const PERSONS: Query = Query {
    rows: "k (person)",
    select: "SELECT p.person FROM k JOIN persons p ON p.person = k.person ORDER BY p.person",
};

/// See [`super::Session`].
#[derive(Debug)]
pub(crate) struct SharedSession<'a> {
    connection: &'a mut SharedConnection,
    /// Whether there is a transaction that holds rows.
    holds: bool,
    /// Rows that are there as soon as the transaction is committed.
    kept: Script,
}

/// A token and its person, as they are stored.
type TokenRow = (EcToken, PersonKey);

impl<'a> SharedSession<'a> {
    pub(super) fn new(connection: &'a mut SharedConnection) -> Self {
        Self { connection, holds: false, kept: Script::default() }
    }

    pub(super) async fn insert_ahead(&mut self, rows: Rows, insert: Insert) -> Result<Found, StoreError> {
        let mut text = Text::default();
        insert_distinct(&mut text, rows, insert);
        self.ask(text).await.map(Found::Sqlite)
    }

    pub(super) async fn lock(
        &mut self,
        tokens: Vec<EcToken>,
        persons: Vec<PersonKey>,
    ) -> Result<HashSet<EcToken>, StoreError> {
        self.holds = true;
        self.connection.arrive().await?;
        let locked = self.lock_rows(&tokens, persons).await;
        self.connection.depart().await?;
        locked
    }

    /// First the tokens' rows, then those of their persons as they are by then.
    async fn lock_rows(
        &mut self,
        tokens: &[EcToken],
        persons: Vec<PersonKey>,
    ) -> Result<HashSet<EcToken>, StoreError> {
        let found = self.token_rows(tokens.iter()).await?;
        let locks = found
            .iter()
            .map(|(token, _)| RowLock { table: "tokens", key: token.as_str().as_bytes().to_vec() });
        let waited = self.connection.lock(locks.collect()).await?;
        let found = if waited { self.token_rows(found.iter().map(|(token, _)| token)).await? } else { found };
        let persons: Vec<PersonKey> = found.iter().map(|(_, person)| *person).chain(persons).collect();
        let there = self.person_rows(&persons).await?;
        let locks = there.iter().map(|person| RowLock { table: "persons", key: person.0.to_vec() });
        let waited = self.connection.lock(locks.collect()).await?;
        let there = if waited { self.person_rows(&there).await? } else { there };
        Ok(found.iter().filter(|(_, person)| there.contains(person)).map(|(token, _)| *token).collect())
    }

    async fn token_rows(
        &mut self,
        tokens: impl Iterator<Item = &EcToken>,
    ) -> Result<Vec<TokenRow>, StoreError> {
        let mut rows = Rows::default();
        for token in tokens {
            rows.push(|row| {
                row.text(token.as_str());
            });
        }
        let found = self.read(rows, TOKENS).await?;
        let mut tokens = Vec::with_capacity(found.len());
        for row in &found {
            let mut columns = Columns::new(RowRef::Sqlite(row), "tokens");
            tokens.push((columns.token()?, PersonKey(columns.key()?)));
        }
        tokens.dedup();
        Ok(tokens)
    }

    async fn person_rows(&mut self, persons: &[PersonKey]) -> Result<Vec<PersonKey>, StoreError> {
        let mut rows = Rows::default();
        for person in persons {
            rows.push(|row| {
                row.bytes(&person.0);
            });
        }
        let found = self.read(rows, PERSONS).await?;
        let persons =
            found.iter().map(|row| Columns::new(RowRef::Sqlite(row), "persons").key().map(PersonKey));
        let mut persons = persons.collect::<Result<Vec<_>, _>>()?;
        persons.dedup();
        Ok(persons)
    }

    /// A look within a statement.
    async fn read(&mut self, rows: Rows, query: Query) -> Result<Vec<SqliteRow>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut text = Text::default();
        text.query(rows, query);
        self.work(text, true).await
    }

    pub(super) async fn lock_numbers(&mut self, mut numbers: Vec<i64>) -> Result<(), StoreError> {
        numbers.sort_unstable();
        numbers.dedup();
        self.holds = true;
        self.connection.arrive().await?;
        let locks = numbers
            .into_iter()
            .map(|number| RowLock { table: "numbers", key: number.to_be_bytes().to_vec() });
        let locked = self.connection.lock(locks.collect()).await;
        self.connection.depart().await?;
        locked.map(drop)
    }

    pub(super) async fn query(&mut self, rows: Rows, query: Query) -> Result<Found, StoreError> {
        let mut text = Text::default();
        text.query(rows, query);
        self.ask(text).await.map(Found::Sqlite)
    }

    pub(super) async fn lock_or_insert(&mut self, rows: Rows, keep: Insert) -> Result<Found, StoreError> {
        let distinct = rows.distinct(keep.key);
        let rows = rows.only(&distinct);
        let table = keep.into.split(' ').next().unwrap_or(keep.into);
        let locks = (0..rows.len()).map(|row| RowLock { table, key: bytes_of(&rows.row(row)[..keep.key]) });
        let locks = locks.collect();
        self.holds = true;
        self.connection.arrive().await?;
        let found = match self.connection.lock(locks).await {
            Ok(_) => self.make_and_take_back(rows.clone(), keep).await,
            Err(error) => Err(error),
        };
        self.connection.depart().await?;
        self.kept.insert(rows, keep);
        found.map(Found::Sqlite)
    }

    async fn make_and_take_back(&mut self, rows: Rows, keep: Insert) -> Result<Vec<SqliteRow>, StoreError> {
        let mut text = Text::default();
        text.plain("BEGIN IMMEDIATE");
        insert_distinct(&mut text, rows, keep);
        text.plain("ROLLBACK");
        self.work(text, true).await
    }

    pub(super) async fn commit(mut self, script: Script) -> Result<(), NotCommitted> {
        if let Err(error) = self.write(script).await {
            self.abandon(&error).await;
            return Err(error.into());
        }
        self.connection.commit().await
    }

    pub(super) async fn write(&mut self, script: Script) -> Result<(), StoreError> {
        let mut text = Text::default();
        text.plain("BEGIN IMMEDIATE");
        text.writes(std::mem::take(&mut self.kept));
        text.writes(script);
        self.connection.arrive().await?;
        let written = self.work(text, false).await;
        if written.is_err() {
            let mut text = Text::default();
            text.plain("ROLLBACK");
            // What went wrong first tells more than what goes wrong now.
            let _ = self.work(text, false).await;
        }
        self.connection.depart().await?;
        written.map(drop)
    }

    pub(super) async fn abandon(self, error: &StoreError) {
        if Fault::of(error) != Fault::Lost {
            // What went wrong first tells more than what goes wrong now.
            let _ = self.roll_back().await;
        }
    }

    pub(super) async fn roll_back(self) -> Result<(), StoreError> {
        if self.holds { self.connection.release().await } else { Ok(()) }
    }

    async fn ask(&mut self, text: Text) -> Result<Vec<SqliteRow>, StoreError> {
        self.connection.fetch(AssertSqlSafe(text.text).into_sql_str(), text.arguments).await
    }

    async fn work(&mut self, text: Text, rows: bool) -> Result<Vec<SqliteRow>, StoreError> {
        let sql = AssertSqlSafe(text.text).into_sql_str();
        Ok(self.connection.work(&sql, &text.arguments, rows).await?.0)
    }
}

/// One statement takes each row once.
fn insert_distinct(text: &mut Text, rows: Rows, insert: Insert) {
    let distinct = rows.distinct(insert.key);
    text.insert(rows.only(&distinct), insert, 0);
}

/// What tells a row apart, as bytes.
fn bytes_of(key: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in key {
        match value {
            Value::Null => {}
            Value::Number(number) => bytes.extend(number.to_be_bytes()),
            Value::Text(text) => bytes.extend(text.as_bytes()),
            Value::Bytes(of) => bytes.extend(of),
        }
    }
    bytes
}
