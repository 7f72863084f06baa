//! Writes down what waits, once a second, on a connection of its own.
//!
//! On the embedded database its commits do not wait for the disk: what the ledger commits next takes them along, and the
//! moment for which it holds the one place of a writer is short. A disk that is full and a database that fails lose rows,
//! which is counted; nobody else hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use tokio::sync::{Mutex, mpsc};

use super::guess::Guesser;
use super::seen::{LOST, Seen, Whose};
use super::table;
use crate::ports::Clock;
use crate::registry::Registry;
use crate::store::batch::{Rows, Script, Session};
use crate::store::connection::Connection;
use crate::store::{Store, StoreError};
use crate::telemetry::{Telemetry, chain};

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(1);
/// Refusals that one round writes.
const A_ROUND: usize = 200;
/// Refusals that wait to be written, and how many did not get so far.
#[derive(Debug)]
pub(crate) struct CallsQueue {
    pub(super) seen: mpsc::Receiver<Seen>,
    pub(super) lost: Arc<AtomicU64>,
}

/// What a writer works with.
#[derive(Clone, Debug)]
pub(crate) struct CallsWriterParts {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) telemetry: Telemetry,
}

/// Takes what waits and writes it.
#[derive(Debug)]
pub(crate) struct CallsWriter {
    waiting: CallsQueue,
    parts: CallsWriterParts,
    /// Which of several processes this is.
    node: i64,
    connection: Option<Connection>,
    guesser: Guesser,
    /// Whether the latest round failed: it is said once.
    failing: bool,
}

/// Rounds, until the process stops.
pub(crate) async fn follow(writer: Arc<Mutex<CallsWriter>>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        writer.lock().await.round().await;
    }
}

impl CallsWriter {
    /// As this process.
    pub(crate) fn new(waiting: CallsQueue, node: i64, parts: CallsWriterParts) -> Self {
        let guesser = Guesser::new(Instant::now());
        Self { waiting, parts, node, connection: None, guesser, failing: false }
    }

    /// Writes what waits, as much as one round may. Tells how many refusals it took.
    pub(crate) async fn round(&mut self) -> usize {
        let mut seen = Vec::new();
        while seen.len() < A_ROUND
            && let Ok(one) = self.waiting.seen.try_recv()
        {
            seen.push(one);
        }
        let taken = seen.len();
        let lost = self.waiting.lost.swap(0, Ordering::Relaxed);
        if taken == 0 && lost == 0 {
            return 0;
        }
        let mut rows = Rows::default();
        for mut one in seen {
            self.look_into(&mut one).await;
            table::push(&mut rows, self.node, &one);
        }
        if lost > 0 {
            let told = Seen { detail: Some(lost.to_string()), ..Seen::new(self.parts.clock.now(), LOST, 0) };
            table::push(&mut rows, self.node, &told);
        }
        match self.write(rows).await {
            Ok(()) => self.failing = false,
            Err(error) => self.lose(lost, taken, &error),
        }
        taken
    }

    fn lose(&mut self, before: u64, taken: usize, error: &StoreError) {
        self.connection = None;
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        self.waiting.lost.fetch_add(before.saturating_add(taken), Ordering::Relaxed);
        self.parts.telemetry.calls_lost("database", taken);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(cause = %chain(error), "拒绝记录未能写入数据库，只计数；业务不受影响");
        }
    }

    /// The last rounds, when nothing comes any more: until nothing waits, or nothing can be written.
    pub(crate) async fn finish(&mut self) {
        while self.round().await > 0 && !self.failing {}
        if let Some(connection) = self.connection.take() {
            // Everything that counts is committed.
            let _ = connection.close().await;
        }
    }

    /// Adds the doctor's guess, where there is an envelope to be looked into.
    async fn look_into(&mut self, seen: &mut Seen) {
        if let (Some(unopened), Whose::Claimed(claimed)) = (seen.unopened.take(), seen.whose) {
            let registry = self.parts.registry.snapshot();
            seen.detail = self.guesser.guess(&registry, claimed.account(), &unopened.sealed).await;
        }
    }

    async fn write(&mut self, rows: Rows) -> Result<(), StoreError> {
        self.parts.store.check_place()?;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.parts.store.connect_aside().await?,
        };
        let connection = self.connection.insert(connection);
        let mut script = Script::default();
        script.insert(rows, table::INSERT);
        Session::writing(connection).commit(script).await.map_err(|not| not.error)
    }
}
