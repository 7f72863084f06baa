//! A connection on which a database is brought up to date, or on which a center begins, is cut at every message. Whatever
//! was done by then, it is whole, and whoever begins again finishes it.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor};
use yanmi_protocol::Sm4Key;

use super::migrate::{MigrationKind, MigrationStep, Schema, migrate};
use super::{Store, StoreError};
use crate::config::Database;
use crate::ports::{Disk, Entropy};
use crate::proxy::{Cut, Proxy, Speaker, distinct_cuts_of};
use crate::sealing::Sealer;
use crate::server;

/// What the next version adds, in two statements.
const ADDS: MigrationStep = MigrationStep {
    number: 1_001,
    name: "adds",
    kind: MigrationKind::Expanding,
    sqlite: "",
    postgres: "ALTER TABLE verifications ADD COLUMN later BIGINT; CREATE TABLE additions (id BIGINT PRIMARY KEY);",
};
/// Takes it away again.
const REMOVE: &str = "ALTER TABLE verifications DROP COLUMN IF EXISTS later; DROP TABLE IF EXISTS additions; \
    DELETE FROM _sqlx_migrations WHERE version = 1001;";
/// How much of it is there.
const PARTS: &str = "SELECT (SELECT count(*) FROM pg_attribute WHERE attrelid = 'verifications'::regclass \
    AND attname = 'later' AND NOT attisdropped) + (SELECT count(*) FROM pg_class WHERE relname = 'additions') \
    + (SELECT count(*) FROM _sqlx_migrations WHERE version = 1001 AND success)";
/// How much there is when all of it is.
const WHOLE: i64 = 3;
/// Sessions of centers, and locks of anybody.
const LEFT: &str = "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND application_name = 'yanmi') + (SELECT count(*) FROM pg_locks l \
    JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() WHERE l.pid <> pg_backend_pid())";
/// How often the server is asked whether a session has gone. Each time it has to answer, so it gets on.
const LOOKS: usize = 5_000;

fn key() -> Sm4Key {
    Sm4Key::from_bytes(&[7; 16])
}

/// A database, by a proxy and past it.
struct Place {
    proxy: Proxy,
    database: Database,
    past: PgConnection,
}

impl Place {
    async fn new() -> Self {
        let database = server::database().await;
        let sealer = Sealer::new(&key(), Entropy::seeded(7));
        Store::made(&database, &sealer).await.expect("a store");
        let proxy = Proxy::new(server::folder().join(".s.PGSQL.5432")).await;
        let Database::Postgres(settings) = &database else { panic!("on PostgreSQL") };
        let past = server::connect(&settings.name).await;
        Self { database: proxy.to(&database), proxy, past }
    }

    async fn number(&mut self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.past).await.expect("a number")
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let (schema, entropy) = (Schema::current().with(ADDS), Entropy::seeded(3));
        migrate(&self.database, &key(), entropy, &schema, false).await.map(drop)
    }

    /// As a center begins; the row that says so is taken away, as it is when one ends.
    async fn serve(&mut self) -> Result<(), StoreError> {
        let sealer = Sealer::new(&key(), Entropy::seeded(7));
        let served = Store::serve(&self.database, &Disk::system(), &sealer).await?;
        assert!(served.node.is_some());
        Ok(())
    }

    /// What is said on the one connection of some work.
    fn said(&self, first: usize) -> Vec<(Speaker, char)> {
        assert_eq!(self.proxy.connections(), first + 1, "on one connection");
        self.proxy.said(first)
    }

    async fn nothing_is_left(&mut self, after: Cut) {
        for _ in 0..LOOKS {
            if self.number(LEFT).await == 0 {
                return;
            }
        }
        panic!("sessions or locks stay after {after:?}");
    }
}

#[tokio::test]
async fn a_migration_cut_at_any_message_is_whole_or_not_there_and_the_next_start_finishes_it() {
    let mut place = Place::new().await;
    let first = place.proxy.connections();
    place.migrate().await.expect("migrated");
    let cuts = distinct_cuts_of(&place.said(first));
    let (mut told, mut kept) = (0, 0);
    for cut in &cuts {
        place.past.execute(AssertSqlSafe(REMOVE)).await.expect("removed");
        let made = place.proxy.made();
        place.proxy.cut_next([Some(*cut)]);
        let is_told = place.migrate().await.is_ok();
        assert_eq!(place.proxy.made(), made + 1, "{cut:?}: it was not cut");
        place.nothing_is_left(*cut).await;
        let parts = place.number(PARTS).await;
        assert!(if is_told { parts == WHOLE } else { [0, WHOLE].contains(&parts) }, "{cut:?}: {parts} parts");
        place.migrate().await.unwrap_or_else(|error| panic!("{cut:?}, then again: {error}"));
        assert_eq!(place.number(PARTS).await, WHOLE, "{cut:?}, then again");
        told += usize::from(is_told);
        kept += usize::from(parts == WHOLE);
    }
    println!("{} cuts of a migration; {told} times it was told, and {kept} times it was there", cuts.len());
    assert!(cuts.len() > 100 && told < kept && kept < cuts.len(), "{}, {told}, {kept}", cuts.len());
}

#[tokio::test]
async fn a_center_whose_connection_is_cut_when_it_begins_can_begin_again() {
    const SITE: &str = "SELECT count(*) FROM site WHERE next_number = 1000000000000";
    let mut place = Place::new().await;
    let first = place.proxy.connections();
    place.serve().await.expect("begun");
    let cuts = distinct_cuts_of(&place.said(first));
    for cut in &cuts {
        let made = place.proxy.made();
        place.proxy.cut_next([Some(*cut)]);
        let told = place.serve().await;
        assert_eq!(place.proxy.made(), made + 1, "{cut:?}: it was not cut");
        assert!(
            !matches!(told, Err(StoreError::Foreign(_) | StoreError::NotMade(_) | StoreError::WrongKey)),
            "{told:?}"
        );
        place.nothing_is_left(*cut).await;
        place.serve().await.unwrap_or_else(|error| panic!("{cut:?}, then again: {error}"));
        assert_eq!(place.number(SITE).await, 1, "{cut:?}");
    }
    println!("{} cuts of a beginning", cuts.len());
    assert!(cuts.len() > 100, "{}", cuts.len());
}
