//! Nothing that happens all day looks through a table of the embedded database.

use sqlx::{AssertSqlSafe, Row, SqlSafeStr};
use yanmi_protocol::Sm4Key;

use super::{Rows, Text};
use crate::entropy::Entropy;
use crate::ledger::{load, removal, write};
use crate::sealing::Sealer;
use crate::store::Store;
use crate::store::connection::Connection;

/// Tables that grow.
const LARGE: [&str; 11] = [
    "tokens",
    "verifications",
    "persons",
    "password_tries",
    "password_free",
    "free_uses",
    "page_claims",
    "free_payments",
    "not_me",
    "face_uses",
    "audit",
];

/// The steps of a plan.
async fn plan(connection: &mut Connection, text: &str) -> Vec<String> {
    let Connection::Sqlite(connection) = connection else { panic!("an embedded database") };
    let text = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")).into_sql_str();
    let rows = sqlx::query(text).fetch_all(connection).await.expect("a plan");
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

/// What a batch writes.
fn writes() -> Vec<String> {
    let columns = |list: &str| list.split(',').count();
    let mut update = Text::default();
    update.update(batch(columns(write::STATES.rows)), write::STATES, 1);
    let inserts = write::INSERTIONS.into_iter().map(|insert| {
        let mut text = Text::default();
        text.insert(batch(columns(insert.into)), insert, 1);
        text
    });
    inserts.chain([update]).map(|text| statement(&text)).collect()
}

/// A look from one end of a key for a few rows is no scan: it says SEARCH.
fn scans(step: &str) -> bool {
    let Some(rest) = step.strip_prefix("SCAN ") else { return false };
    let alias = rest.split(' ').next().unwrap_or_default();
    ["t", "v", "p", "f", "u", "w", "c", "q"].contains(&alias) || LARGE.contains(&alias)
}

#[tokio::test]
async fn every_statement_finds_its_rows_by_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
    let store =
        Store::made(&folder.path().join("center.sqlite").as_path().into(), &sealer).await.expect("a store");
    let mut connection = store.connect().await.expect("a connection");
    let of_key = [load::FACTS, load::STANDINGS].map(|query| {
        let mut rows = Rows::default();
        rows.push(|row| {
            row.number(1).text("token").text("H35010000001");
        });
        let mut made = Text::default();
        made.query(rows, query);
        statement(&made)
    });
    let mut claims = Text::default();
    let mut rows = Rows::default();
    rows.push(|row| {
        row.number(1).number(2);
    });
    claims.query(rows, load::CLAIMS);
    let mut face_uses = Text::default();
    let mut rows = Rows::default();
    rows.push(|row| {
        row.number(1).bytes(&[2; 16]);
    });
    face_uses.query(rows, load::FACE_USES);
    let mut texts = of_key.to_vec();
    texts.extend([statement(&claims), statement(&face_uses)]);
    texts.extend(writes());
    texts.extend([load::NEWEST, load::BY_NOTICE, load::PENDING].map(str::to_owned));
    texts.extend(removal::embedded_texts().map(str::to_owned));
    for text in texts {
        let steps = plan(&mut connection, &text).await;
        assert!(!steps.is_empty() && !steps.iter().any(|step| scans(step)), "{text}\n{steps:#?}");
    }
    let steps = plan(&mut connection, "SELECT * FROM audit WHERE at < 1").await;
    assert!(steps.iter().any(|step| scans(step)), "a scan is known when it is seen: {steps:?}");
    connection.close().await.expect("closed");
}
