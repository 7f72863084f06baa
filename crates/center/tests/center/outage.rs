//! The database goes away and comes back.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor};
use yanmi_center::config::{Database, PostgresSettings};

use crate::proxy::{CommitFate, Proxy};
use crate::server;
use crate::site::{Site, eventually};
use crate::wire::Wire;

/// A way to the server that can be cut.
async fn way() -> Proxy {
    Proxy::new(server::folder().join(".s.PGSQL.5432")).await
}

async fn site_by(way: &Proxy) -> Site {
    Site::with(|config| config.database = way.to(&config.database)).await
}

/// A number, asked for past the way, which must not be cut for it.
async fn number(site: &Site, query: &'static str) -> i64 {
    let Database::Postgres(settings) = &site.config.database else { panic!("on PostgreSQL") };
    let mut connection = server::connect(&settings.name).await;
    sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a number")
}

const ASKED: &str = "SELECT count(*) FROM audit WHERE event = 'asked'";
const NOTICES: &str = "SELECT coalesce(sum(notices), 0)::bigint FROM verifications";
const CONFIRMED: &str = "SELECT count(*) FROM audit WHERE event = 'confirmed-02'";

#[tokio::test]
async fn a_commit_the_server_never_heard_of_is_done_again_and_one_it_did_is_not() {
    let way = way().await;
    let site = site_by(&way).await;
    for (times, fate) in (1..).zip([
        CommitFate::Passes,
        CommitFate::Unheard,
        CommitFate::Unanswered,
        CommitFate::Unheard,
        CommitFate::Unanswered,
    ]) {
        let token = site.token().await;
        way.next_commit(fate);
        assert_eq!(site.notify(token, Some("10")).await.code(), 0, "{fate:?}");
        assert_eq!((number(&site, ASKED).await, number(&site, NOTICES).await), (times, times), "{fate:?}");
        let notice = site.newest_notice().await;
        way.next_commit(fate);
        assert_eq!(site.act(&notice, "confirm", "02").await["data"]["acptFlag"], "1", "{fate:?}");
        assert_eq!(site.check_stas(token).await, "1", "{fate:?}");
        assert_eq!(number(&site, CONFIRMED).await, times, "{fate:?}");
    }
    assert_eq!(site.metric("yanmi_ledger_failed_total").await, 0);
    assert!(site.metric("yanmi_database_retries_total{cause=\"lost\"}").await >= 8);
    assert!(site.metric("yanmi_database_outage_seconds_count").await >= 8);
}

#[tokio::test]
async fn connections_the_server_ends_are_made_anew_and_nobody_notices() {
    let site = Site::start().await;
    let token = site.token().await;
    let Database::Postgres(settings) = &site.config.database else { panic!("on PostgreSQL") };
    for _ in 0..3 {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        server::connect(&settings.name).await.execute(AssertSqlSafe(end)).await.expect("ended");
        site.hands.forward(Duration::from_secs(4));
        assert_eq!(site.notify(token, Some("10")).await.code(), 0);
        assert_eq!(site.check_stas(token).await, "0");
        assert_eq!(site.ready().await.0, 200);
    }
}

#[tokio::test]
async fn while_it_is_away_readiness_says_why_and_all_goes_on_when_it_is_back() {
    let way = way().await;
    let site = site_by(&way).await;
    let token = site.token().await;
    way.close().await;
    let (status, why) = site.ready().await;
    assert_eq!(status, 503);
    assert!(why.contains("拒绝") && why.contains("设置 database") && !why.contains("127.0.0.1"), "{why}");
    assert_eq!(Wire::to(site.operations_addr()).await.ask("GET", "/healthz", "").await.status, 200);
    assert_eq!(site.notify(token, Some("10")).await.code(), -1);
    way.open().await;
    eventually(async || site.ready().await.0 == 200).await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    assert_eq!(site.check_stas(token).await, "0");
}

#[tokio::test]
async fn a_short_absence_is_waited_through() {
    let way = Arc::new(way().await);
    let site = site_by(&way).await;
    let token = site.token().await;
    way.close().await;
    let asking = site.asking(token, Some("10"));
    // The notice finds nobody there at least once.
    eventually(async || site.metric("yanmi_database_retries_total{cause=\"lost\"}").await > 2).await;
    way.open().await;
    assert_eq!(asking.await.expect("no panic").code(), 0);
}

#[tokio::test]
async fn a_limit_reached_or_a_server_that_became_read_only_is_named_and_over_when_it_is_lifted() {
    let Database::Postgres(settings) = server::database().await else { panic!("on PostgreSQL") };
    let name = settings.name.clone();
    let execute = async |text: String| {
        server::connect("postgres").await.execute(AssertSqlSafe(text)).await.expect("a superuser");
    };
    execute("CREATE ROLE limited LOGIN".to_owned()).await;
    execute(format!("ALTER DATABASE {name} OWNER TO limited")).await;
    let own = PostgresSettings { user: "limited".to_owned(), ..settings };
    let site = Site::with(|config| config.database = Database::Postgres(own)).await;
    let token = site.token().await;
    assert_eq!(site.ready().await.0, 200);
    let limits = [
        (
            "ALTER ROLE limited CONNECTION LIMIT 0",
            "ALTER ROLE limited CONNECTION LIMIT -1",
            "max_connections",
        ),
        (
            "ALTER ROLE limited SET default_transaction_read_only = on",
            "ALTER ROLE limited RESET default_transaction_read_only",
            "只读",
        ),
    ];
    for (limit, lift, said) in limits {
        execute(limit.to_owned()).await;
        execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'limited'".to_owned(),
        )
        .await;
        eventually(async || site.ready().await.1.contains(said)).await;
        assert_eq!(site.ready().await.0, 503);
        assert_eq!(site.notify(token, Some("10")).await.code(), -1);
        execute(lift.to_owned()).await;
        eventually(async || site.ready().await.0 == 200).await;
        site.hands.forward(Duration::from_secs(4));
        assert_eq!(site.notify(token, Some("10")).await.code(), 0, "{said}");
    }
}
