//! Writes down what waits, once a second, on a connection of its own.
//!
//! On the embedded database its commits do not wait for the disk: what the ledger commits next takes them along, and the
//! moment for which it holds the one place of a writer is short. A disk that is full and a database that fails lose rows,
//! which is counted; nobody else hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc};
use yanmi_protocol::{EcToken, NoticeNo, OrgCode};

use super::guess::Guesser;
use super::{LOST, Seen, Whose};
use crate::site::Site;
use crate::store::StoreError;
use crate::store::batch::{Insert, Rows, Script, Session};
use crate::store::connection::Connection;
use crate::store::connection::Kind::{Number, Text};
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};
use crate::telemetry::{Telemetry, chain};

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(1);
/// Refusals that one round writes.
const A_ROUND: usize = 200;
/// Characters of a cause or a detail that are kept.
const MAX_TEXT: usize = 120;

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "calls (id, at, node, op, org_id, proven, org_code, token, notice, code, cause, detail, us, address) \
            OVERRIDING SYSTEM VALUE",
    kinds: &[
        Number, Number, Number, Text, Text, Number, Text, Text, Number, Number, Text, Text, Number, Text,
    ],
    key: 1,
    written: Some(CALLS),
    queries: &[],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::Calls,
        start: Position::Number(0),
        last: "SELECT id, at FROM calls WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE id > $1 AND id <= $2 AND at < $3",
            ""
        ),
        old: Old::Time,
    }),
};

const CALLS: Insert = Insert {
    into: "calls (at, node, op, org_id, proven, org_code, token, notice, code, cause, detail, us, address)",
    key: 0,
    conflict: "",
};

/// Takes what waits and writes it.
#[derive(Debug)]
pub(crate) struct Writer {
    waiting: mpsc::Receiver<Seen>,
    lost: Arc<AtomicU64>,
    node: i64,
    telemetry: Telemetry,
    connection: Option<Connection>,
    guesser: Guesser,
    /// Whether the latest round failed: it is said once.
    failing: bool,
}

/// Rounds, until the process stops.
pub(crate) async fn follow(site: Arc<Site>, writer: Arc<Mutex<Writer>>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        writer.lock().await.round(&site).await;
    }
}

impl Writer {
    pub(super) fn new(
        waiting: mpsc::Receiver<Seen>,
        lost: Arc<AtomicU64>,
        node: i64,
        telemetry: Telemetry,
    ) -> Self {
        let guesser = Guesser::new(Instant::now());
        Self { waiting, lost, node, telemetry, connection: None, guesser, failing: false }
    }

    /// Writes what waits, as much as one round may. Tells how many refusals it took.
    pub(crate) async fn round(&mut self, site: &Site) -> usize {
        let mut seen = Vec::new();
        while seen.len() < A_ROUND
            && let Ok(one) = self.waiting.try_recv()
        {
            seen.push(one);
        }
        let taken = seen.len();
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if taken == 0 && lost == 0 {
            return 0;
        }
        let mut rows = Rows::default();
        for mut one in seen {
            self.look_into(site, &mut one).await;
            self.push(&mut rows, &one);
        }
        if lost > 0 {
            let told = Seen { detail: Some(lost.to_string()), ..Seen::new(site.clock.now(), LOST, 0) };
            self.push(&mut rows, &told);
        }
        match self.write(site, rows).await {
            Ok(()) => self.failing = false,
            Err(error) => self.lose(lost, taken, &error),
        }
        taken
    }

    fn lose(&mut self, before: u64, taken: usize, error: &StoreError) {
        self.connection = None;
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        self.lost.fetch_add(before.saturating_add(taken), Ordering::Relaxed);
        self.telemetry.calls_lost("database", taken);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(cause = %chain(error), "拒绝记录未能写入数据库，只计数；业务不受影响");
        }
    }

    /// The last rounds, when nothing comes any more: until nothing waits, or nothing can be written.
    pub(crate) async fn finish(&mut self, site: &Site) {
        site.calls.sum_now(site.telemetry.sum_now(), site.clock.now());
        while self.round(site).await > 0 && !self.failing {}
        if let Some(connection) = self.connection.take() {
            // Everything that counts is committed.
            let _ = connection.close().await;
        }
    }

    /// Adds the doctor's guess, where there is an envelope to be looked into.
    async fn look_into(&mut self, site: &Site, seen: &mut Seen) {
        if let (Some(unopened), Whose::Claimed(claimed)) = (seen.unopened.take(), seen.whose) {
            let registry = site.registry.snapshot();
            seen.detail = self.guesser.guess(&registry, claimed.account(), &unopened.sealed).await;
        }
    }

    fn push(&self, rows: &mut Rows, seen: &Seen) {
        let (org_id, proven) = match &seen.whose {
            Whose::Proven(account) => (Some(account.as_str()), 1),
            Whose::Claimed(claimed) => (Some(claimed.as_str()), 0),
            Whose::Nobody => (None, 0),
        };
        let address = seen.address.map(|address| address.to_string());
        let (cause, detail) = (cut(seen.cause.as_deref()), cut(seen.detail.as_deref()));
        rows.push(|row| {
            row.number(seen.at.get())
                .number(self.node)
                .text(seen.op)
                .optional_text(org_id)
                .number(proven)
                .optional_text(seen.org_code.as_ref().map(OrgCode::as_str))
                .optional_text(seen.token.as_ref().map(EcToken::as_str))
                .optional_number(seen.notice.and_then(number))
                .number(seen.code)
                .optional_text(cause.as_deref())
                .optional_text(detail.as_deref())
                .number(seen.us)
                .optional_text(address.as_deref());
        });
    }

    async fn write(&mut self, site: &Site, rows: Rows) -> Result<(), StoreError> {
        site.store.check_place()?;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => site.store.connect_aside().await?,
        };
        let connection = self.connection.insert(connection);
        let mut script = Script::default();
        script.insert(rows, CALLS);
        Session::writing(connection).commit(script).await.map_err(|not| not.error)
    }
}

fn number(notice: NoticeNo) -> Option<i64> {
    i64::try_from(notice.number()).ok()
}

fn cut(text: Option<&str>) -> Option<String> {
    text.map(|text| text.chars().take(MAX_TEXT).collect())
}
