//! A connection to an embedded database that several centers share in a world in memory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlStr;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use tokio::time::{Instant, timeout};

use super::StoreError;
use super::answer::ANSWER_WITHIN;
use super::embedded::EmbeddedConnection;
use super::not_committed::NotCommitted;
use crate::ports::{
    DatabaseServer, DiskWork, LockRefusal, MessageFate, RowLock, ServerSession, SessionLost, SessionMessage,
};

/// The tables that only PostgreSQL has by its migrations, because only there are several centers.
const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS ledgers (id BIGINT PRIMARY KEY, batch BIGINT NOT NULL, at BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS _yanmi_nodes \
        (node INTEGER PRIMARY KEY AUTOINCREMENT, knows BIGINT NOT NULL, at BIGINT NOT NULL)",
];

/// How long a statement waits for what others hold, as on PostgreSQL.
const LOCK_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks whether another writer has ended.
const LOOKS_AGAIN: Duration = Duration::from_millis(2);
/// The library's word for another writer (`SQLITE_BUSY`), in the lower byte of its codes.
const BUSY: i64 = 5;

/// A connection to it.
pub(crate) struct SharedConnection {
    /// Nothing when it was lost.
    session: Option<OpenSession>,
    server: Arc<dyn DatabaseServer>,
}

/// One end of a session, and what the other end works on.
struct OpenSession {
    embedded: Option<EmbeddedConnection>,
    server: Box<dyn ServerSession>,
}

impl fmt::Debug for SharedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.session.is_some() { "SharedConnection" } else { "SharedConnection(lost)" })
    }
}

/// A transaction that was not committed is rolled back at once: the driver would do it when its thread gets to it, and what it
/// holds would be free at a time that nothing in the world decides.
impl Drop for OpenSession {
    fn drop(&mut self) {
        if let Some(embedded) = self.embedded.take() {
            embedded.end();
        }
    }
}

/// Asks for nothing but an answer.
pub(super) async fn ask(session: &dyn ServerSession) -> Result<(), StoreError> {
    match session.ask(SessionMessage::Statement).await {
        MessageFate::Now => session.answer().await.map_err(|SessionLost| lost()),
        MessageFate::Never | MessageFate::Later(_) => Err(lost()),
    }
}

/// What a driver says of a connection that is gone.
pub(super) fn lost() -> StoreError {
    sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into()
}

/// Whether another one writes.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<i64>().ok()).is_some_and(|code| code & 0xFF == BUSY)
}

impl SharedConnection {
    pub(super) fn new(
        embedded: EmbeddedConnection,
        session: Box<dyn ServerSession>,
        server: Arc<dyn DatabaseServer>,
    ) -> Self {
        Self { session: Some(OpenSession { embedded: Some(embedded), server: session }), server }
    }

    /// Makes what is missing for several centers.
    pub(super) async fn make_tables(&mut self) -> Result<(), StoreError> {
        for table in TABLES {
            self.plain(table).await?;
        }
        Ok(())
    }

    /// What the server's clock says.
    pub(super) fn server_millis(&self) -> i64 {
        self.server.now().get()
    }

    /// The connection of the driver, for what knows only that.
    pub(super) fn embedded(&mut self) -> Result<&mut EmbeddedConnection, StoreError> {
        self.session.as_mut().and_then(|session| session.embedded.as_mut()).ok_or_else(lost)
    }

    fn session(&self) -> Result<&dyn ServerSession, StoreError> {
        self.session.as_ref().map(|session| session.server.as_ref()).ok_or_else(lost)
    }

    /// Gives up what is gone.
    fn lose(&mut self) -> StoreError {
        self.session = None;
        lost()
    }

    /// A statement goes to the server.
    pub(super) async fn arrive(&mut self) -> Result<(), StoreError> {
        match timeout(ANSWER_WITHIN, self.session()?.ask(SessionMessage::Statement)).await {
            Ok(MessageFate::Now) => Ok(()),
            Ok(MessageFate::Never | MessageFate::Later(_)) | Err(_) => Err(self.lose()),
        }
    }

    /// Its answer comes back.
    pub(super) async fn depart(&mut self) -> Result<(), StoreError> {
        match timeout(ANSWER_WITHIN, self.session()?.answer()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(SessionLost)) | Err(_) => Err(self.lose()),
        }
    }

    /// What the server does for a statement: rows, and how many were touched. A second writer waits for the first.
    pub(super) async fn work(
        &mut self,
        text: &SqlStr,
        arguments: &SqliteArguments,
        rows: bool,
    ) -> Result<(Vec<SqliteRow>, u64), StoreError> {
        let until = Instant::now() + LOCK_WITHIN;
        loop {
            let embedded = self.embedded()?;
            let query = sqlx::query_with(text.clone(), arguments.clone());
            let done = if rows {
                embedded.fetch_all(query).await.map(|rows| (rows, 0))
            } else {
                embedded.execute(query).await.map(|done| (Vec::new(), done.rows_affected()))
            };
            match done {
                Err(error) if is_busy(&error) => {
                    if Instant::now() >= until {
                        return Err(StoreError::LockTimeout);
                    }
                    tokio::time::sleep(LOOKS_AGAIN).await;
                }
                done => return Ok(done?),
            }
        }
    }

    /// Holds rows until the transaction ends.
    pub(super) async fn lock(&mut self, rows: Vec<RowLock>) -> Result<bool, StoreError> {
        match self.session()?.lock(rows).await {
            Ok(waited) => Ok(waited),
            Err(LockRefusal::Timeout) => Err(StoreError::LockTimeout),
            Err(LockRefusal::Lost) => Err(self.lose()),
        }
    }

    async fn statement(
        &mut self,
        (text, arguments): (SqlStr, SqliteArguments),
        rows: bool,
    ) -> Result<(Vec<SqliteRow>, u64), StoreError> {
        self.arrive().await?;
        let done = self.work(&text, &arguments, rows).await;
        self.depart().await?;
        done
    }

    /// Runs a statement; how many rows it touched.
    pub(super) async fn run(&mut self, text: SqlStr, arguments: SqliteArguments) -> Result<u64, StoreError> {
        Ok(self.statement((text, arguments), false).await?.1)
    }

    /// Asks for rows.
    pub(super) async fn fetch(
        &mut self,
        text: SqlStr,
        arguments: SqliteArguments,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        Ok(self.statement((text, arguments), true).await?.0)
    }

    async fn plain(&mut self, text: &'static str) -> Result<(), StoreError> {
        self.run(SqlStr::from_static(text), SqliteArguments::default()).await.map(drop)
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.plain("BEGIN IMMEDIATE").await
    }

    /// Ends a transaction, keeping nothing.
    pub(super) async fn roll_back(&mut self) -> Result<(), StoreError> {
        let rolled_back = self.plain("ROLLBACK").await;
        self.session()?.end();
        rolled_back
    }

    /// Ends a transaction in which only rows were held.
    pub(super) async fn release(&mut self) -> Result<(), StoreError> {
        self.arrive().await?;
        self.session()?.end();
        self.depart().await
    }

    /// Ends a transaction, keeping everything. Whoever hears nothing does not know whether it did.
    pub(super) async fn commit(&mut self) -> Result<(), NotCommitted> {
        const COMMIT: SqlStr = SqlStr::from_static("COMMIT");
        match timeout(ANSWER_WITHIN, self.session()?.ask(SessionMessage::Commit)).await {
            Ok(MessageFate::Now) => {}
            Ok(MessageFate::Never) | Err(_) => {
                return Err(NotCommitted { error: self.lose(), unknown: true });
            }
            Ok(MessageFate::Later(after)) => {
                if let Some(session) = self.session.take() {
                    tokio::spawn(session.commit_after(after));
                }
                return Err(NotCommitted { error: lost(), unknown: true });
            }
        }
        let committed = self.work(&COMMIT, &SqliteArguments::default(), false).await;
        let session = self.session()?;
        session.end();
        committed?;
        self.embedded()?.settle(DiskWork::Commit).await;
        self.depart().await.map_err(|error| NotCommitted { error, unknown: true })
    }

    /// Tells a text to all who listen.
    pub(super) async fn tell(&mut self, text: &str) -> Result<(), StoreError> {
        self.arrive().await?;
        self.session()?.tell(text);
        self.depart().await
    }
}

impl OpenSession {
    /// The server goes on with a commit of which nobody will hear.
    async fn commit_after(mut self, after: Duration) {
        tokio::time::sleep(after).await;
        if let Some(embedded) = &mut self.embedded {
            // Nobody hears of an error either.
            let _ = embedded.execute(sqlx::query("COMMIT")).await;
        }
        self.server.end();
    }
}
