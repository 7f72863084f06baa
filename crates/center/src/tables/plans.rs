//! Nothing that happens all day looks through a table of the embedded database.

use sqlx::{AssertSqlSafe, Row, SqlSafeStr};
use yanmi_protocol::Sm4Key;

use crate::ledger::load;
use crate::ports::Entropy;
use crate::sealing::Sealer;
use crate::store::Store;
use crate::store::batch::{Insert, Query, Rows, Text, Update};
use crate::store::connection::Connection;
use crate::tables;

/// The steps of a plan.
async fn plan(connection: &mut Connection, text: &str) -> Vec<String> {
    let Connection::Sqlite(connection) = connection else { panic!("an embedded database") };
    let text = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")).into_sql_str();
    let rows = sqlx::query(text).fetch_all(connection.driver()).await.expect("a plan");
    rows.iter().map(|row| row.get("detail")).collect()
}

fn statement(text: &Text) -> String {
    text.text.trim_end().trim_end_matches(';').to_owned()
}

/// As many rows as a full batch has, of this many columns; what they hold is nothing to a plan.
fn batch(columns: usize) -> Rows {
    let mut rows = Rows::default();
    for _ in 0..128 {
        rows.push(|row| {
            for _ in 0..columns {
                row.optional_text(None);
            }
        });
    }
    rows
}

/// Everything that happens all day to the tables of the ledger and to what is removed, derived from the list of tables.
fn statements() -> Vec<String> {
    let columns = |list: &str| list.split(',').count();
    let written = |write: &dyn Fn(&mut Text)| {
        let mut text = Text::default();
        write(&mut text);
        statement(&text)
    };
    let asked = |query: Query| written(&|text| text.query(batch(columns(query.rows)), query));
    let mut all: Vec<String> = load::JOINS.into_iter().map(asked).collect();
    all.extend(load::JOINED_STATEMENTS.map(str::to_owned));
    for table in tables::all() {
        all.extend(table.queries.iter().map(|query| asked(*query)));
        all.extend(table.statements.iter().map(|text| (*text).to_owned()));
        let insert = |insert: Insert| written(&|text| text.insert(batch(columns(insert.into)), insert, 1));
        all.extend(table.written.map(insert));
        let update = |update: Update| written(&|text| text.update(batch(columns(update.rows)), update, 1));
        all.extend(table.updates.iter().map(|change| update(*change)));
        let removal = table.removal.iter();
        all.extend(removal.flat_map(|removal| [removal.last, removal.remove[0]]).map(str::to_owned));
    }
    all
}

/// A look from one end of a key for a few rows is no scan: it says SEARCH.
fn scans(step: &str) -> bool {
    let Some(rest) = step.strip_prefix("SCAN ") else { return false };
    let alias = rest.split(' ').next().unwrap_or_default();
    ["t", "v", "p", "f", "u", "w", "c", "q"].contains(&alias)
        || tables::all().any(|table| table.name() == alias)
}

#[tokio::test]
async fn every_statement_finds_its_rows_by_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
    let store =
        Store::made(&folder.path().join("center.sqlite").as_path().into(), &sealer).await.expect("a store");
    let mut connection = store.connect().await.expect("a connection");
    for text in statements() {
        let steps = plan(&mut connection, &text).await;
        assert!(!steps.is_empty() && !steps.iter().any(|step| scans(step)), "{text}\n{steps:#?}");
    }
    let steps = plan(&mut connection, "SELECT * FROM audit WHERE at < 1").await;
    assert!(steps.iter().any(|step| scans(step)), "a scan is known when it is seen: {steps:?}");
    connection.close().await.expect("closed");
}
