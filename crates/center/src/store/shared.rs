//! An embedded database that several centers share in a world in memory, with somebody before it who does what a server
//! does ([`DatabaseServer`]).
//!
//! It is PostgreSQL as far as a center can tell. A message arrives or does not, an answer comes back or is lost, and a commit may
//! happen although nobody hears of it. Rows are held by transactions in the order in which they are asked for. Reads see what is
//! committed when they begin. What the embedded database itself would keep waiting, a second writer, waits here in the world's time.
//!
//! Coarser than PostgreSQL are two things only: a transaction of several statements (a change of the registry) keeps every other writer
//! waiting until it ends, and so does what a batch writes, for the one trip until its commit.

use std::fmt;
use std::sync::Arc;

use super::StoreError;
use super::server_problem::{ServerProblem, Servers};
use super::shared_connection::{SharedConnection, lost};
use super::sqlite::Sqlite;
use crate::ports::{DatabaseServer, ServerSession, SessionLost};

/// The database, and who stands before it.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(super) file: Sqlite,
    server: Arc<dyn DatabaseServer>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({})", self.file)
    }
}

impl Shared {
    pub(super) fn new(file: Sqlite, server: Arc<dyn DatabaseServer>) -> Self {
        Self { file, server }
    }

    pub(super) async fn connect(&self) -> Result<SharedConnection, StoreError> {
        let unreachable = |SessionLost| {
            StoreError::Servers(Servers(vec![(self.file.to_string(), ServerProblem::NoAnswer)]))
        };
        let server = self.server.connect().await.map_err(unreachable)?;
        let embedded = self.file.connect_impatiently().await?;
        Ok(SharedConnection::new(embedded, server, Arc::clone(&self.server)))
    }

    /// A session that only listens.
    pub(super) async fn listen(&self) -> Result<Box<dyn ServerSession>, StoreError> {
        let session = self.server.connect().await.map_err(|SessionLost| lost())?;
        session.listen();
        Ok(session)
    }
}
