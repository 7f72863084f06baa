//! Moving committed pages from the write-ahead log into the database file, beside the commits.
//!
//! Left to itself the embedded database does this at the end of some commit, once the log has grown; that commit then
//! waits for the disk ten times longer than its neighbors, and everybody in its batch with it. Here another
//! connection does most of it all the time. What it has not reached when the log is long enough, the writing
//! connection moves as before, and the log begins anew: only a moment without a commit in between allows that.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::connection::Connection;
use super::embedded::EmbeddedConnection;
use super::{Store, StoreError};
use crate::telemetry::chain;

/// Batches between two rounds.
const BATCHES: u32 = 16;

/// Counts batches and asks for a round when there were enough. When it is dropped the task ends.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    wanted: Arc<Notify>,
    batches: u32,
    task: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the task on a connection of its own, where the database is embedded and commits are waited for.
    pub(crate) async fn start(store: &Store) -> Result<Option<Self>, StoreError> {
        if store.is_shared() || store.is_scratch() {
            return Ok(None);
        }
        let Connection::Sqlite(connection) = store.connect().await? else { return Ok(None) };
        let wanted = Arc::new(Notify::new());
        let task = tokio::spawn(run(connection, Arc::clone(&wanted)));
        Ok(Some(Self { wanted, batches: 0, task }))
    }

    /// A batch was committed.
    pub(crate) fn committed(&mut self) {
        self.batches += 1;
        if self.batches >= BATCHES {
            self.batches = 0;
            self.wanted.notify_one();
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(mut connection: EmbeddedConnection, wanted: Arc<Notify>) {
    loop {
        wanted.notified().await;
        // It never waits for others and never makes others wait.
        if let Err(error) = connection.execute(sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")).await {
            // The writing connection does it all then, as it would without this task.
            tracing::warn!(cause = %chain(&StoreError::from(error)), "后台整理预写日志失败");
            break;
        }
    }
    // The file is closed either way.
    let _ = connection.close().await;
}
