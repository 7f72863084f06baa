//! Many rows in one statement, several statements in one trip: the one place where the databases differ.
//!
//! A batch is [`Rows`], a question about them a [`Query`], and what becomes of them an [`Insert`]: texts that are the
//! same for both databases. How rows become parameters is in `sqlite` and `postgres`, and a [`Session`] is a
//! connection of either with a transaction around what it is asked. In a world in memory several centers share an embedded
//! database as they would share PostgreSQL (`shared`).

mod postgres;
mod rows;
mod script;
mod shared;
mod sqlite;

use hashbrown::HashSet;
use yanmi_protocol::EcToken;
use yanmi_verification::PersonKey;

use super::connection::{Connection, Found};
use super::error::StoreError;
use super::not_committed::NotCommitted;
pub(crate) use rows::{RowWriter, Rows};
pub(crate) use script::{Insert, Query, Script, Update};
#[cfg(test)]
pub(crate) use sqlite::Text;

/// A connection on which a transaction is open, or will be as soon as something is asked.
#[derive(Debug)]
pub(crate) enum Session<'a> {
    Sqlite(sqlite::SqliteSession<'a>),
    Postgres(postgres::PostgresSession<'a>),
    Shared(shared::SharedSession<'a>),
}

impl<'a> Session<'a> {
    /// Reads without a transaction around them.
    pub(crate) fn reading(connection: &'a mut Connection) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(sqlite::SqliteSession::reading(connection)),
            Connection::Postgres(connection) => {
                Self::Postgres(postgres::PostgresSession::reading(connection))
            }
            Connection::Shared(connection) => Self::Shared(shared::SharedSession::new(connection)),
        }
    }

    /// A transaction that will write.
    pub(crate) fn writing(connection: &'a mut Connection) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(sqlite::SqliteSession::writing(connection)),
            Connection::Postgres(connection) => {
                Self::Postgres(postgres::PostgresSession::writing(connection))
            }
            Connection::Shared(connection) => Self::Shared(shared::SharedSession::new(connection)),
        }
    }

    /// Whether others write to the same database at the same time, so that rows must be locked.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self, Self::Sqlite(_))
    }

    /// Writes something that is true by itself, before the transaction and without waiting for the disk: whatever the
    /// transaction leaves on the disk comes after it.
    /// Answers what the insertion returns.
    pub(crate) async fn insert_ahead(&mut self, rows: Rows, insert: Insert) -> Result<Found, StoreError> {
        if rows.is_empty() {
            return Ok(Found::none());
        }
        match self {
            Self::Sqlite(_) => Ok(Found::none()),
            Self::Postgres(session) => session.insert_ahead(rows, insert).await,
            Self::Shared(session) => Box::pin(session.insert_ahead(rows, insert)).await,
        }
    }

    /// Waits until nobody else decides about these tokens or persons, until the end of the transaction. Tells which
    /// tokens there are to be decided about; nothing where nobody else could.
    pub(crate) async fn lock(
        &mut self,
        tokens: Vec<EcToken>,
        persons: Vec<PersonKey>,
    ) -> Result<Option<HashSet<EcToken>>, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            _ if tokens.is_empty() && persons.is_empty() => Ok(Some(HashSet::new())),
            Self::Postgres(session) => session.lock(tokens, persons).await.map(Some),
            Self::Shared(session) => Box::pin(session.lock(tokens, persons)).await.map(Some),
        }
    }

    /// Waits until nobody else decides about what these numbers stand for and what has no row yet that could be locked,
    /// until the end of the transaction.
    pub(crate) async fn lock_numbers(&mut self, numbers: Vec<i64>) -> Result<(), StoreError> {
        match self {
            _ if numbers.is_empty() => Ok(()),
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.lock_numbers(numbers).await,
            Self::Shared(session) => Box::pin(session.lock_numbers(numbers)).await,
        }
    }

    /// Asks about rows; nothing when there are none. A row that is to be told apart in the answer carries its own
    /// number.
    pub(crate) async fn query(&mut self, rows: Rows, query: Query) -> Result<Found, StoreError> {
        if rows.is_empty() {
            return Ok(Found::none());
        }
        match self {
            Self::Sqlite(session) => session.query(rows, query).await,
            Self::Postgres(session) => session.query(rows, query).await,
            Self::Shared(session) => Box::pin(session.query(rows, query)).await,
        }
    }

    /// Asks for the rows that are there, making those that are not, and keeps everybody else from them until the end
    /// of the transaction. `keep` is the insertion that changes nothing, with `RETURNING` what is asked for.
    pub(crate) async fn lock_or_insert(&mut self, rows: Rows, keep: Insert) -> Result<Found, StoreError> {
        match self {
            _ if rows.is_empty() => Ok(Found::none()),
            Self::Sqlite(_) => Ok(Found::none()),
            Self::Postgres(session) => session.lock_or_insert(rows, keep).await,
            Self::Shared(session) => Box::pin(session.lock_or_insert(rows, keep)).await,
        }
    }

    /// Writes and commits.
    pub(crate) async fn commit(self, script: Script) -> Result<(), NotCommitted> {
        match self {
            Self::Sqlite(session) => Ok(session.commit(script).await?),
            Self::Postgres(session) => session.commit(script).await,
            Self::Shared(session) => Box::pin(session.commit(script)).await,
        }
    }

    /// Writes within a transaction that somebody else has begun, so that a test can take it back.
    #[cfg(test)]
    pub(crate) async fn write_within(self, script: Script) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.write_within(script).await,
            Self::Postgres(mut session) => session.write(script).await,
            Self::Shared(mut session) => Box::pin(session.write(script)).await,
        }
    }

    /// Gives everything up because of an error.
    pub(crate) async fn abandon(self, error: &StoreError) {
        match self {
            // What went wrong first tells more than what goes wrong now.
            Self::Sqlite(session) => drop(session.roll_back().await),
            Self::Postgres(session) => session.abandon(error).await,
            Self::Shared(session) => Box::pin(session.abandon(error)).await,
        }
    }

    /// Gives everything up.
    pub(crate) async fn roll_back(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.roll_back().await,
            Self::Postgres(session) => session.roll_back().await,
            Self::Shared(session) => Box::pin(session.roll_back()).await,
        }
    }
}
