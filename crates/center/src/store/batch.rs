//! Many rows in one statement, several statements in one trip: the one place where the databases differ.
//!
//! A batch is [`Rows`], a question about them a [`Query`], and what becomes of them an [`Insert`]: texts that are the
//! same for both databases. How rows become parameters is in `sqlite` and `postgres`, and a [`Session`] is a
//! connection of either with a transaction around what it is asked.

mod postgres;
mod sqlite;

use hashbrown::HashSet;
use yanmi_protocol::EcToken;
use yanmi_verification::PersonKey;

use super::StoreError;
use super::connection::{Connection, Found, Kind, Value};

/// The rows of a batch, all of one width. The first column of a row is never null.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    values: Vec<Value>,
    /// The type of each column, as the first row has it.
    kinds: Vec<Kind>,
    count: usize,
}

/// One row being written.
#[derive(Debug)]
pub(crate) struct RowWriter<'a>(&'a mut Rows);

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
enum Write {
    Insert(Insert),
    Update(Update),
}

/// Writes that go to the database together, in order.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<(Rows, Write)>);

/// Why a batch was not committed.
#[derive(Debug)]
pub(crate) struct NotCommitted {
    pub(crate) error: StoreError,
    /// The connection was lost during the commit: it may have happened all the same.
    pub(crate) unknown: bool,
}

impl From<StoreError> for NotCommitted {
    fn from(error: StoreError) -> Self {
        Self { error, unknown: false }
    }
}

impl Rows {
    /// Adds one row, whose values `write` puts in order.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut RowWriter<'_>)) {
        write(&mut RowWriter(self));
        self.count += 1;
    }

    /// The values of one row.
    pub(in crate::store) fn row(&self, at: usize) -> &[Value] {
        &self.values[at * self.width()..(at + 1) * self.width()]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    fn width(&self) -> usize {
        self.kinds.len()
    }
}

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

/// A connection on which a transaction is open, or will be as soon as something is asked.
#[derive(Debug)]
pub(crate) enum Session<'a> {
    Sqlite(sqlite::Session<'a>),
    Postgres(postgres::Session<'a>),
}

impl<'a> Session<'a> {
    /// Reads without a transaction around them.
    pub(crate) fn reading(connection: &'a mut Connection) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(sqlite::Session::reading(connection)),
            Connection::Postgres(connection) => Self::Postgres(postgres::Session::reading(connection)),
        }
    }

    /// A transaction that will write.
    pub(crate) fn writing(connection: &'a mut Connection) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(sqlite::Session::writing(connection)),
            Connection::Postgres(connection) => Self::Postgres(postgres::Session::writing(connection)),
        }
    }

    /// Whether others write to the same database at the same time, so that rows must be locked.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Writes something that is true by itself, before the transaction and without waiting for the disk: whatever the
    /// transaction leaves on the disk comes after it.
    /// Answers what the insertion returns.
    pub(crate) async fn ahead(&mut self, rows: Rows, insert: Insert) -> Result<Found, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(Found::none()),
            Self::Postgres(session) => session.ahead(rows, insert).await,
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
            Self::Postgres(session) => session.lock(tokens, persons).await.map(Some),
        }
    }

    /// Waits until nobody else decides about what these numbers stand for and what has no row yet that could be locked,
    /// until the end of the transaction.
    pub(crate) async fn lock_numbers(&mut self, numbers: Vec<i64>) -> Result<(), StoreError> {
        match self {
            Self::Postgres(session) if !numbers.is_empty() => session.lock_numbers(numbers).await,
            _ => Ok(()),
        }
    }

    /// Asks about rows; nothing when there are none. A row that is to be told apart in the answer carries its own
    /// number.
    pub(crate) async fn ask(&mut self, rows: Rows, query: Query) -> Result<Found, StoreError> {
        if rows.is_empty() {
            return Ok(Found::none());
        }
        match self {
            Self::Sqlite(session) => session.ask(rows, query).await,
            Self::Postgres(session) => session.ask(rows, query).await,
        }
    }

    /// Asks for the rows that are there, making those that are not, and keeps everybody else from them until the end
    /// of the transaction. `keep` is the insertion that changes nothing, with `RETURNING` what is asked for.
    pub(crate) async fn make(&mut self, rows: Rows, keep: Insert) -> Result<Found, StoreError> {
        match self {
            Self::Postgres(session) if !rows.is_empty() => session.make(rows, keep).await,
            _ => Ok(Found::none()),
        }
    }

    /// Writes and commits.
    pub(crate) async fn commit(self, script: Script) -> Result<(), NotCommitted> {
        match self {
            Self::Sqlite(session) => Ok(session.commit(script).await?),
            Self::Postgres(session) => session.commit(script).await,
        }
    }

    /// Writes within a transaction that somebody else has begun, so that a test can take it back.
    #[cfg(test)]
    pub(crate) async fn write_within(self, script: Script) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.write_within(script).await,
            Self::Postgres(mut session) => session.write(script).await,
        }
    }

    /// Gives everything up because of an error.
    pub(crate) async fn abandon(self, error: &StoreError) {
        match self {
            // What went wrong first tells more than what goes wrong now.
            Self::Sqlite(session) => drop(session.roll_back().await),
            Self::Postgres(session) => session.abandon(error).await,
        }
    }

    /// Gives everything up.
    pub(crate) async fn roll_back(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.roll_back().await,
            Self::Postgres(session) => session.roll_back().await,
        }
    }
}

impl RowWriter<'_> {
    pub(in crate::store) fn put(&mut self, kind: Kind, value: Value) -> &mut Self {
        if self.0.count == 0 {
            self.0.kinds.push(kind);
        }
        self.0.values.push(value);
        self
    }

    pub(crate) fn number(&mut self, value: i64) -> &mut Self {
        self.put(Kind::Number, Value::Number(value))
    }

    pub(crate) fn optional_number(&mut self, value: Option<i64>) -> &mut Self {
        self.put(Kind::Number, value.map_or(Value::Null, Value::Number))
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.put(Kind::Text, Value::Text(value.to_owned()))
    }

    pub(crate) fn optional_text(&mut self, value: Option<&str>) -> &mut Self {
        self.put(Kind::Text, value.map_or(Value::Null, |value| Value::Text(value.to_owned())))
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.put(Kind::Bytes, Value::Bytes(value.to_vec()))
    }

    pub(crate) fn optional_bytes(&mut self, value: Option<&[u8]>) -> &mut Self {
        self.put(Kind::Bytes, value.map_or(Value::Null, |value| Value::Bytes(value.to_vec())))
    }
}
