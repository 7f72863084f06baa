//! Hearing what centers tell each other by way of the database they share.

use std::time::Duration;

use sqlx::Executor;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::timeout;

use super::connection::{Connection, Statement};
use super::{Backend, Store, StoreError, shared_connection};
use crate::ports::ServerSession;

/// A listener to whom nothing is said for so long asks whether the server is still there.
const QUIET: Duration = Duration::from_secs(5);

/// Whoever listens.
pub(crate) enum Listener {
    Postgres(Box<PgListener>),
    Shared(Box<dyn ServerSession>),
}

impl Store {
    /// Listens to what other centers tell on a channel; nothing where there are none.
    pub(crate) async fn listen(&self, channel: &str) -> Result<Option<Listener>, StoreError> {
        match &self.place {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(servers) => {
                let server = servers.writable().await?;
                let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(QUIET);
                let mut listener = PgListener::connect_with(&pool.connect_lazy_with(server)).await?;
                listener.eager_reconnect(false);
                listener.listen(channel).await?;
                Ok(Some(Listener::Postgres(Box::new(listener))))
            }
            Backend::Shared(shared) => shared.listen().await.map(Listener::Shared).map(Some),
        }
    }
}

impl Listener {
    /// The next text; nothing when the server is lost.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, StoreError> {
        loop {
            if let Ok(heard) = timeout(QUIET, self.hear()).await {
                return heard;
            }
            match timeout(QUIET, self.ask()).await {
                Ok(answer) => answer?,
                Err(_) => return Ok(None),
            }
        }
    }

    async fn hear(&mut self) -> Result<Option<String>, StoreError> {
        match self {
            Self::Postgres(listener) => {
                Ok(listener.try_recv().await?.map(|heard| heard.payload().to_owned()))
            }
            Self::Shared(session) => Ok(session.hear().await.ok()),
        }
    }

    /// Whether the server is still there.
    async fn ask(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(listener) => Ok(listener.execute("SELECT 1").await.map(drop)?),
            Self::Shared(session) => shared_connection::ask(session.as_ref()).await,
        }
    }
}

impl Connection {
    /// Tells a text on a channel to all who listen there, at once and without waiting for the disk. Nobody hears it where there
    /// are no others.
    pub(crate) async fn tell(&mut self, channel: &str, text: &str) -> Result<(), StoreError> {
        const TEXT: &str = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => self.run(Statement::new(TEXT).text(channel).text(text)).await.map(drop),
            Self::Shared(connection) => Box::pin(connection.tell(text)).await,
        }
    }
}
