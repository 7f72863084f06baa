//! A ledger whose way to the database can be cut, and somebody who looks at the database past it.

use std::num::NonZeroU32;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor};
use yanmi_protocol::Sm4Key;
use yanmi_verification::Policy;

use super::kind::{Kind, NOW, Told};
use crate::config::Database;
use crate::delivery::lane::LaneSettings;
use crate::health::Health;
use crate::ledger::table::TABLES;
use crate::ledger::{Ledger, LedgerLimits, LedgerParts, LedgerTasks};
use crate::ports::{Clock, Disk, Entropy};
use crate::proxy::Proxy;
use crate::registry::{Defaults, Registry};
use crate::sealing::Sealer;
use crate::server;
use crate::store::Store;
use crate::store::table::Table;
use crate::tables::everything;
use crate::telemetry::Telemetry;

/// How often the server is asked whether a session has gone. Each time it has to answer, so it gets on.
const LOOKS: usize = 5_000;

/// Whoever waits longer waits for ever: an outage is waited through for seconds.
const ENDLESS: Duration = Duration::from_secs(20);

/// A ledger by a proxy, and a connection past it.
pub(in crate::ledger::machine) struct World {
    pub(in crate::ledger::machine) proxy: Proxy,
    pub(in crate::ledger::machine) ledger: Ledger,
    tasks: LedgerTasks,
    telemetry: Telemetry,
    past: PgConnection,
    /// The sessions of the registry, which are not by the proxy.
    others: Vec<i32>,
}

/// How often work at the database was tried once more so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Retries {
    pub(super) lost: u64,
    pub(super) conflict: u64,
}

/// A ledger on a database, by a proxy or not.
async fn ledger(database: &Database, direct: &Database) -> (Ledger, LedgerTasks, Telemetry) {
    let sealer = sealer();
    let open = async |database| Store::open(database, &Disk::system(), &sealer).await.expect("a store");
    let of_registry = open(direct).await;
    start(open(database).await, &of_registry).await
}

/// What everything is sealed with.
pub(in crate::ledger::machine) fn sealer() -> Sealer {
    Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7))
}

/// A ledger on a store, and beside it a registry.
pub(in crate::ledger::machine) async fn start(
    store: Store,
    of_registry: &Store,
) -> (Ledger, LedgerTasks, Telemetry) {
    let clock = Clock::new(|| NOW);
    let one = NonZeroU32::MIN;
    let lane = LaneSettings { in_flight: 1, failures: 1, open_for: Duration::ZERO };
    let defaults = Defaults { rate: one, burst: one, lane };
    let registry = Registry::open(of_registry, sealer(), defaults, clock.clone(), None, Health::new());
    let telemetry = Telemetry::new(false, true).expect("metrics");
    let parts = LedgerParts {
        store: store.told_to(telemetry.clone()),
        registry: registry.await.expect("a registry"),
        policy: policy(),
        clock,
        limits: LedgerLimits { queue: 16, batch: 16, resident: 16, ledgers: 1 },
        telemetry: telemetry.clone(),
    };
    let (ledger, tasks) = Ledger::start(parts).await.expect("a ledger");
    (ledger, tasks, telemetry)
}

/// A person can be asked as often as somebody likes.
fn policy() -> Policy {
    Policy {
        notice_interval: Duration::ZERO,
        notices_per_verification: u32::MAX,
        notices_per_person_hour: u32::MAX,
        ..Policy::default()
    }
}

impl World {
    /// On a copy of a database of its own.
    pub(super) async fn on_copy(of: &Database, kind: Kind, name: &str) -> Self {
        let name = format!("{name}_{}", kind.name().to_lowercase());
        Self::on(&copied(of, &name).await).await
    }

    /// Beside whoever else is on a database.
    pub(in crate::ledger::machine) async fn on(direct: &Database) -> Self {
        let proxy = Proxy::new(server::folder().join(".s.PGSQL.5432")).await;
        let (ledger, tasks, telemetry) = ledger(&proxy.to(direct), direct).await;
        let Database::Postgres(settings) = direct else { panic!("on PostgreSQL") };
        let mut past = server::connect(&settings.name).await;
        let text = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'yanmi' AND pid <> ALL($1)";
        let others = sqlx::query_scalar(text).bind(proxy.processes()).fetch_all(&mut past);
        let others = others.await.expect("sessions");
        Self { proxy, ledger, tasks, telemetry, past, others }
    }

    /// Another center's ledger on its database, not by the proxy.
    pub(in crate::ledger::machine) async fn another(&self, direct: &Database) -> (Ledger, LedgerTasks) {
        let (ledger, tasks, _) = ledger(direct, direct).await;
        (ledger, tasks)
    }

    /// How many sessions wait for another one's transaction.
    pub(in crate::ledger::machine) async fn waiting(&mut self) -> usize {
        const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'yanmi' AND wait_event_type = 'Lock'";
        let waiting: i64 = sqlx::query_scalar(WAITING).fetch_one(&mut self.past).await.expect("a number");
        usize::try_from(waiting).expect("few")
    }

    /// Keeps the rows of now under a name, to begin from them again and again.
    pub(in crate::ledger::machine) async fn keep(&mut self, kept: &str) {
        let mut text = format!("CREATE SCHEMA kept_{kept};");
        for name in TABLES.map(Table::name) {
            text = format!("{text} CREATE TABLE kept_{kept}.{name} AS TABLE {name};");
        }
        self.past.execute(AssertSqlSafe(text)).await.expect("kept");
    }

    /// Puts kept rows back.
    pub(in crate::ledger::machine) async fn put_back(&mut self, kept: &str) {
        let put = |name| {
            format!(
                "DELETE FROM {name}; INSERT INTO {name} OVERRIDING SYSTEM VALUE TABLE kept_{kept}.{name};"
            )
        };
        let text: String = TABLES.map(|table| put(table.name())).concat();
        self.past.execute(AssertSqlSafe(text)).await.expect("put back");
    }

    /// Every row of every table, as it stands on the server.
    pub(in crate::ledger::machine) async fn rows(&mut self) -> Vec<String> {
        let text = AssertSqlSafe(everything(true).words().to_owned());
        sqlx::query_scalar(text).fetch_all(&mut self.past).await.expect("rows")
    }

    /// The same command about two persons, as one batch.
    pub(super) async fn batch(&self, kind: Kind) -> [Told; 2] {
        batch(&self.ledger, kind).await
    }

    /// Has something done past the ledger.
    pub(super) async fn execute(&mut self, text: &'static str) {
        self.past.execute(text).await.expect(text);
    }

    /// Looks until one of the ledger's sessions waits for another one's transaction.
    pub(super) async fn somebody_waits(&mut self) {
        const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'yanmi' AND wait_event_type = 'Lock' AND wait_event <> 'advisory'";
        for _ in 0..LOOKS {
            let waiting: i64 = sqlx::query_scalar(WAITING).fetch_one(&mut self.past).await.expect("a number");
            if waiting > 0 {
                return;
            }
        }
        panic!("nobody waits");
    }

    /// The connection that writes.
    pub(super) fn writing(&self) -> usize {
        self.proxy.newest_with("BEGIN")
    }

    /// How often work was tried once more so far.
    pub(super) fn retries(&self) -> Retries {
        let metrics = self.telemetry.render(0, 0, 0);
        let count = |cause: &str| {
            let name = format!("yanmi_database_retries_total{{cause=\"{cause}\"}} ");
            let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
            value.map_or(0, |value| value.parse().expect("a number"))
        };
        Retries { lost: count("lost"), conflict: count("conflict") }
    }

    /// Looks until nothing is left on the server of connections that were cut: no session, and no lock of anybody.
    pub(super) async fn nothing_is_left(&mut self, after: &str) {
        const LEFT: &str = "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'yanmi' AND pid <> ALL($1)) + (SELECT count(*) FROM pg_locks l \
            JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() \
            WHERE l.pid <> pg_backend_pid())";
        for _ in 0..LOOKS {
            let left = sqlx::query_scalar(LEFT).bind(self.served()).fetch_one(&mut self.past);
            let left: i64 = left.await.expect("a number");
            if left == 0 {
                return;
            }
        }
        panic!("sessions or locks stay after {after}");
    }

    /// The sessions that are to be there.
    fn served(&self) -> Vec<i32> {
        [self.proxy.processes(), self.others.clone()].concat()
    }

    pub(super) async fn stop(self) {
        drop(self.ledger);
        self.tasks.finished().await;
    }
}

/// The same command about two persons, as one batch.
pub(super) async fn batch(ledger: &Ledger, kind: Kind) -> [Told; 2] {
    let both = async { tokio::join!(kind.act(ledger, 0), kind.act(ledger, 1)) };
    let told = tokio::time::timeout(ENDLESS, both).await;
    told.unwrap_or_else(|_| panic!("{kind:?}: nobody was told anything")).into()
}

/// A copy of a database to which nobody is connected.
pub(in crate::ledger::machine) async fn copied(of: &Database, name: &str) -> Database {
    let Database::Postgres(settings) = of else { panic!("on PostgreSQL") };
    let text = format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY wal_log", settings.name);
    server::connect("postgres").await.execute(AssertSqlSafe(text)).await.expect("a database");
    Database::Postgres(server::settings(name))
}
