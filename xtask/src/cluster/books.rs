//! The database itself, past the centers.

use std::net::SocketAddr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use tokio::task::JoinSet;
use yanmi_trial::oracle::{Books, Event, Record};

use super::process::LOOK;

/// The superuser's password in the example of the operating pages.
const SUPERUSER_PASSWORD: &str = "change-me-superuser";
/// The centers' password.
pub(super) const PASSWORD: &str = "a-password-of-the-harness";
/// How long a connection may take.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);
/// How long one attempt at a commit may take: on a new primary it waits for its standby.
const COMMITS_WITHIN: Duration = Duration::from_secs(10);
/// How long the cluster may take until somebody's commit is answered again.
const ANSWERS_WITHIN: Duration = Duration::from_mins(2);

async fn connect(node: SocketAddr, database: &str) -> Result<PgConnection, sqlx::Error> {
    PgConnectOptions::new_without_pgpass()
        .host(&node.ip().to_string())
        .port(node.port())
        .username("postgres")
        .password(SUPERUSER_PASSWORD)
        .database(database)
        .disable_statement_logging()
        .connect()
        .await
}

/// Makes user and database as the operating pages say, and a table to try commits on.
pub(super) async fn create(primary: SocketAddr) -> Result<(), sqlx::Error> {
    let mut connection = connect(primary, "postgres").await?;
    let role = format!("CREATE ROLE yanmi LOGIN PASSWORD '{PASSWORD}'");
    connection.execute(sqlx::AssertSqlSafe(role)).await?;
    connection.execute("CREATE DATABASE yanmi OWNER yanmi").await?;
    connection.execute("CREATE TABLE tries (at timestamptz)").await?;
    connection.close().await
}

/// Waits until one of the nodes answers a commit, tried at all of them by somebody who knows nothing of Patroni.
pub(super) async fn commit_somewhere(nodes: &[SocketAddr]) -> Result<(), String> {
    let mut trying = JoinSet::new();
    for node in nodes.iter().copied() {
        trying.spawn(async move {
            while !matches!(tokio::time::timeout(COMMITS_WITHIN, commit(node)).await, Ok(Ok(()))) {
                tokio::time::sleep(LOOK).await;
            }
        });
    }
    match tokio::time::timeout(ANSWERS_WITHIN, trying.join_next()).await {
        Ok(Some(Ok(()))) => Ok(()),
        _ => Err(format!("no node commits after {ANSWERS_WITHIN:?}")),
    }
}

async fn commit(node: SocketAddr) -> Result<(), sqlx::Error> {
    let connecting = tokio::time::timeout(CONNECTS_WITHIN, connect(node, "postgres"));
    let mut connection = connecting.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    connection.execute("INSERT INTO tries VALUES (now())").await?;
    connection.close().await
}

/// Everything stored.
pub(super) async fn read(primary: SocketAddr) -> Result<Books, sqlx::Error> {
    let mut connection = connect(primary, "yanmi").await?;
    let mut books = Books::default();
    let query = "SELECT token, attempt, notices, notice, serial, amount, state, reason FROM verifications";
    for row in sqlx::query(query).fetch_all(&mut connection).await? {
        books.verifications.insert(row.try_get(0)?, record(&row)?);
    }
    let query =
        "SELECT token, event, notice, serial, amount, detail FROM audit WHERE token IS NOT NULL ORDER BY id";
    for row in sqlx::query(query).fetch_all(&mut connection).await? {
        books.audit.entry(row.try_get(0)?).or_default().push(event(&row)?);
    }
    for row in sqlx::query("SELECT token FROM tokens").fetch_all(&mut connection).await? {
        books.tokens.insert(row.try_get(0)?);
    }
    connection.close().await?;
    Ok(books)
}

fn record(row: &PgRow) -> Result<Record, sqlx::Error> {
    Ok(Record {
        attempt: row.try_get(1)?,
        notices: row.try_get(2)?,
        notice: row.try_get(3)?,
        serial: row.try_get(4)?,
        amount: row.try_get(5)?,
        state: row.try_get(6)?,
        reason: row.try_get(7)?,
    })
}

fn event(row: &PgRow) -> Result<Event, sqlx::Error> {
    Ok(Event {
        name: row.try_get(1)?,
        notice: row.try_get(2)?,
        serial: row.try_get(3)?,
        amount: row.try_get(4)?,
        detail: row.try_get(5)?,
    })
}
