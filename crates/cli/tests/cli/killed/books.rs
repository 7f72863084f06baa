//! The center's database, read while no center runs.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, Connection, Row};
use yanmi_trial::oracle::{Books, Event, Record};

/// Everything stored.
pub(crate) async fn read(database: &Path) -> Books {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = options.connect().await.expect("a database");
    let whole = all(&mut connection, "PRAGMA integrity_check").await;
    assert_eq!(whole.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["ok"]);
    assert!(all(&mut connection, "PRAGMA foreign_key_check").await.is_empty());
    let mut books = Books::default();
    let rows = all(
        &mut connection,
        "SELECT token, attempt, notices, notice, serial, amount, state, reason FROM verifications",
    )
    .await;
    books.verifications = rows.iter().map(|row| (row.get(0), record(row))).collect();
    let rows = all(
        &mut connection,
        "SELECT token, event, notice, serial, amount, detail FROM audit WHERE token IS NOT NULL ORDER BY id",
    )
    .await;
    for row in &rows {
        books.audit.entry(row.get(0)).or_default().push(event(row));
    }
    let rows = all(&mut connection, "SELECT token FROM tokens").await;
    books.tokens = rows.iter().map(|row| row.get(0)).collect();
    connection.close().await.expect("closed");
    books
}

fn event(row: &SqliteRow) -> Event {
    Event { name: row.get(1), notice: row.get(2), serial: row.get(3), amount: row.get(4), detail: row.get(5) }
}

fn record(row: &SqliteRow) -> Record {
    Record {
        attempt: row.get(1),
        notices: row.get(2),
        notice: row.get(3),
        serial: row.get(4),
        amount: row.get(5),
        state: row.get(6),
        reason: row.get(7),
    }
}

async fn all(connection: &mut SqliteConnection, query: &'static str) -> Vec<SqliteRow> {
    sqlx::query(query).fetch_all(connection).await.expect("rows")
}
