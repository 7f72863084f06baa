//! What happened, for an operator who is asked: read from a running center's database, which is not changed.
//!
//! The audit has no index by token: every notice would have to keep it, for a question that is asked seldom (decision 34).
//! Its key grows with time, so a span of time is a span of keys, found by halving, and only that is read. What
//! a span has to be is known from the verification while that is kept, and from the operator afterwards.

pub mod denied;
pub mod explain;
mod group;
mod line;
mod moment;
mod outwards;
mod search;
pub mod trace;

use yanmi_protocol::{Code, OrgCode, Sm4Key, UnixMillis};

use crate::config::Database;
use crate::ports::Entropy;
use crate::sealing::Sealer;
use crate::store::connection::Connection;
use crate::store::row::Columns;
use crate::store::{Store, StoreError, node};

pub use crate::store::span::Between;
pub use denied::{Denial, Denials, Filter};
pub use explain::{Explanation, Happened, Step, StepKind, explain};
pub use group::DenialGroup;
pub use line::TraceLine;
pub use moment::moment;
pub use outwards::{Outwards, SearchProgress, When};
pub use trace::{Question, QuestionError, Story, Trace};

/// The op of rows about others that could not be written.
pub use crate::calls::LOST;
/// The op of rows about others of the same kind that were not written one by one.
pub use crate::calls::SUMMED;

/// A database opened to be read.
#[derive(Debug)]
pub struct History {
    connection: Connection,
    sealer: Sealer,
}

impl History {
    /// Opens the database of a center, which may be running.
    ///
    /// # Errors
    /// [`StoreError`] when it is not there, is of another version, or does not belong to the key.
    pub async fn open(database: &Database, key: &Sm4Key, entropy: Entropy) -> Result<Self, StoreError> {
        let sealer = Sealer::new(key, entropy);
        Ok(Self { connection: Store::to_read(database, &sealer).await?, sealer })
    }

    /// The same over a connection that can change nothing.
    pub(crate) const fn over(connection: Connection, sealer: Sealer) -> Self {
        Self { connection, sealer }
    }

    /// The connection, for other questions that change nothing.
    pub(crate) const fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The connection, to be used again.
    pub(crate) fn into_connection(self) -> Connection {
        self.connection
    }

    /// How many centers run on the database, this one among them; nothing where only one can.
    pub(crate) async fn running(&mut self) -> Result<Option<i64>, StoreError> {
        node::running(&mut self.connection).await
    }

    /// Closes it.
    ///
    /// # Errors
    /// When that fails.
    pub async fn close(self) -> Result<(), StoreError> {
        self.connection.close().await
    }
}

/// One row of `calls`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The operation, [`SUMMED`] or [`LOST`].
    pub op: String,
    /// Who asked, or claimed to.
    pub org_id: Option<String>,
    /// Whether that was proven.
    pub proven: bool,
    /// The institution.
    pub org_code: Option<OrgCode>,
    /// The return code; 0 of [`LOST`].
    pub code: i64,
    /// What only the log said.
    pub cause: Option<String>,
    /// The wrong member, the doctor's guess, or how many.
    pub detail: Option<String>,
    /// The other end.
    pub address: Option<String>,
}

impl Refused {
    /// Whether it is about others of the same kind that were not written one by one.
    pub fn is_summed(&self) -> bool {
        self.op == SUMMED
    }

    /// Who does what about it: what the doctor says of an envelope goes before what the code says.
    pub fn advice(&self) -> (&'static str, String) {
        let code = Code::from_number(self.code);
        let who = code.map_or("中心运维", |code| code.party().name());
        let guess = self.guess().and_then(yanmi_doctor::advice);
        let advice = guess.or_else(|| code.map(|code| code.advice().to_owned()));
        (who, advice.unwrap_or_else(|| "查请求日志中这一时刻的行。".to_owned()))
    }

    /// How many refusals the row stands for.
    pub fn count(&self) -> u64 {
        if self.is_summed() || self.op == LOST {
            self.detail.as_deref().and_then(|count| count.parse().ok()).unwrap_or(1)
        } else {
            1
        }
    }

    /// What the doctor took the envelope for.
    pub fn guess(&self) -> Option<&str> {
        let unproven = !self.proven && matches!(self.code, -4 | -6) && !self.is_summed();
        self.detail.as_deref().filter(|_| unproven)
    }
}

/// The columns of [`refused`].
macro_rules! refused_columns {
    () => {
        "at, op, org_id, proven, org_code, code, cause, detail, address"
    };
}
use refused_columns;

/// Rows about refusals of a time that could not be written down, at most so many.
macro_rules! lost_between {
    ($most:literal) => {
        concat!(
            "SELECT ",
            refused_columns!(),
            " FROM calls WHERE org_id IS NULL AND at >= $1 AND at < $2 AND op = 'lost' ORDER BY at LIMIT ",
            $most
        )
    };
}
use lost_between;

fn refused(columns: &mut Columns<'_>) -> Result<(UnixMillis, Refused), StoreError> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let at = columns.time()?;
    let op = columns.text()?.to_owned();
    let org_id = owned(columns.optional_text()?);
    let proven = columns.flag()?;
    let org_code = columns.optional_text()?.and_then(|code| OrgCode::new(code).ok());
    let code = columns.number()?;
    let cause = owned(columns.optional_text()?);
    let detail = owned(columns.optional_text()?);
    let address = owned(columns.optional_text()?);
    Ok((at, Refused { op, org_id, proven, org_code, code, cause, detail, address }))
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Executor, Row};

    use super::*;

    #[tokio::test]
    async fn nothing_is_looked_for_without_an_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::Sqlite(folder.path().join("center.sqlite"));
        let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        let store = Store::made(&database, &sealer).await.expect("a store");
        let Connection::Sqlite(mut connection) = store.connect().await.expect("a connection") else {
            panic!("on SQLite")
        };
        for (text, index) in denied::BY_INDEX.into_iter().chain(trace::BY_INDEX).chain(search::BY_INDEX) {
            let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
            let rows = connection.driver().fetch_all(explained).await.expect("a plan");
            let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            assert!(plan.iter().any(|line| line.contains(index)), "{text}: {plan:?}");
            assert!(plan.iter().all(|line| !line.starts_with("SCAN")), "{text}: {plan:?}");
        }
    }

    #[tokio::test]
    async fn who_reads_cannot_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::Sqlite(folder.path().join("center.sqlite"));
        let key = Sm4Key::from_bytes(&[7; 16]);
        Store::made(&database, &Sealer::new(&key, Entropy::seeded(7))).await.expect("a store");
        let mut history = History::open(&database, &key, Entropy::seeded(8)).await.expect("opened");
        let write = crate::store::connection::Statement::new("DELETE FROM audit");
        history.connection.run(write).await.expect_err("read only");
        history.close().await.expect("closed");
    }
}
