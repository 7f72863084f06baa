//! A connection that is made anew when it was lost.
//!
//! Servers are restarted, and of a cluster another one may take over at any time. Whoever holds a [`Link`] has its
//! work done by [`on_link!`], which does it again on a new connection while that is worth it. The work must bear to
//! be done twice: when a connection is lost, nobody knows what the server still did. A ledger's commit does not bear it
//! and holds a [`Retry`] itself.
//!
//! How long is bounded by the outage, not by the work: who comes when the server has been away for long is told at
//! once. A server that can be reached and loses every connection in the same work, because the work itself is what ends
//! them, has no outage; then it is bounded by how often. An outage is named in the log when it begins and when it ends, and timed.

use std::time::Duration;

use tokio::time::Instant;

use super::connection::Connection;
use super::fault::Fault;
use super::{Store, StoreError};
use crate::telemetry::chain;

/// How long after its beginning an outage is waited through. Institutions wait five seconds for a notice.
const WAIT_THROUGH: Duration = Duration::from_secs(3);
/// Before the first new attempt; it doubles before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// Attempts at work that others got into the way of. Each of them let somebody else get on.
const CONFLICTS: u32 = 10;

/// Attempts at work in which a connection was lost that had been made. The pauses between them are shorter together than
/// an outage is waited through.
pub(crate) const LOSSES: u32 = 10;

/// A connection, or the intention to have one.
#[derive(Debug)]
pub(crate) struct Link {
    store: Store,
    connection: Option<Connection>,
    /// Since when there is none.
    lost_at: Option<Instant>,
}

/// What was tried already for one piece of work.
#[derive(Debug, Default)]
pub(crate) struct Retry {
    conflicts: u32,
    losses: u32,
    pause: Option<Duration>,
    once: bool,
}

impl Link {
    /// Connects.
    pub(crate) async fn open(store: &Store) -> Result<Self, StoreError> {
        let connection = store.connect().await?;
        Ok(Self { store: store.clone(), connection: Some(connection), lost_at: None })
    }

    /// The connection; a new one if it was lost.
    pub(crate) async fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.store.connect().await?,
        };
        if let Some(since) = self.lost_at.take() {
            let away = since.elapsed();
            tracing::warn!(ms = away.as_millis(), "数据库连接已恢复");
            if let Some(telemetry) = &self.store.telemetry {
                telemetry.database_back(away);
            }
        }
        Ok(self.connection.insert(connection))
    }

    /// The store it leads to.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Gives the connection up; the next use makes a new one.
    fn lose(&mut self, error: &StoreError) {
        self.connection = None;
        if self.lost_at.is_none() {
            self.lost_at = Some(Instant::now());
            tracing::error!(cause = %chain(error), "数据库连接中断，正在重新连接");
        }
    }

    /// Closes the connection of a scratch center until the next use, which is a long way off: there are many centers in a
    /// process, and each connection has a thread.
    pub(crate) async fn ease(&mut self) {
        if self.store.is_scratch()
            && let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(cause = %chain(&error), "关闭数据库连接失败");
        }
    }

    /// Closes the connection.
    pub(crate) async fn close(self) {
        let Some(connection) = self.connection else { return };
        if let Err(error) = connection.close().await {
            tracing::warn!(cause = %chain(&error), "关闭数据库连接失败");
        }
    }
}

impl Retry {
    /// For what is done again soon anyway: one new connection is tried, at once.
    pub(crate) fn once() -> Self {
        Self { once: true, ..Self::default() }
    }

    /// Waits until it is worth trying again.
    ///
    /// # Errors
    /// The failure itself when it is not.
    pub(crate) async fn after(&mut self, link: &mut Link, error: StoreError) -> Result<(), StoreError> {
        let fault = Fault::of(&error);
        if !link.store.is_shared() || fault == Fault::Final {
            return Err(error);
        }
        if fault == Fault::Conflict {
            self.conflicts += 1;
        } else {
            // One that could not be made is part of an outage.
            self.losses += u32::from(link.lost_at.is_none());
            link.lose(&error);
        }
        let waited = link.lost_at.map_or(Duration::ZERO, |since| since.elapsed());
        let tried = self.once && self.pause.is_some();
        let too_often = self.conflicts >= CONFLICTS || self.losses >= LOSSES;
        if tried || waited >= WAIT_THROUGH || too_often {
            return Err(error);
        }
        if let Some(telemetry) = &link.store.telemetry {
            telemetry.database_retry(fault.word());
        }
        let pause = self.pause.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// Does some work on the connection of a [`Link`], and does it again when the connection was lost or others were in the
/// way: `on_link!(link, |connection| work(connection, …))`, a `Result` with a [`StoreError`].
///
/// A macro, because of a future that an async closure makes from what it borrows it cannot be shown that it is `Send`.
macro_rules! on_link {
    ($link:expr, |$connection:ident| $work:expr) => {
        $crate::store::link::on_link!($link, $crate::store::link::Retry::default(), |$connection| $work)
    };
    ($link:expr, $retry:expr, |$connection:ident| $work:expr) => {{
        let link: &mut $crate::store::link::Link = $link;
        let mut retry: $crate::store::link::Retry = $retry;
        loop {
            let done = match link.connection().await {
                Ok($connection) => $work.await,
                Err(error) => Err(error),
            };
            match done {
                Ok(done) => break Ok(done),
                Err(error) => {
                    if let Err(error) = retry.after(link, error).await {
                        break Err(error);
                    }
                }
            }
        }
    }};
}
pub(crate) use on_link;
