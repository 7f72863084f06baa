//! Both databases have the same tables.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use yanmi_center::config::Database;
use yanmi_center::ports::Entropy;
use yanmi_center::store::migrate::{self, migrate};
use yanmi_protocol::Sm4Key;

use crate::server;

/// Tables only PostgreSQL has, and why.
const MORE: [(&str, &str); 1] = [("ledgers", "several ledgers write; each marks its commits")];

/// What there is: for each table its columns (type, whether null is allowed), its primary key, its unique keys.
#[derive(PartialEq, Eq, Default, Debug)]
struct Table {
    columns: BTreeMap<String, (String, bool)>,
    primary: Vec<String>,
    unique: BTreeSet<Vec<String>>,
}

type Schema = BTreeMap<String, Table>;

/// The type PostgreSQL has where `SQLite` has this one.
fn counterpart(sqlite: &str) -> &str {
    match sqlite {
        "INTEGER" | "BIGINT" => "bigint",
        "TEXT" => "text",
        "BLOB" => "bytea",
        other => panic!("no counterpart of {other}"),
    }
}

async fn made(database: &Database) {
    let key = Sm4Key::from_bytes(&[1; 16]);
    migrate(database, &key, Entropy::seeded(1), &migrate::Schema::current(), false)
        .await
        .expect("a database");
}

async fn on_sqlite() -> Schema {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("center.sqlite");
    made(&Database::Sqlite(path.clone())).await;
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.expect("the database");
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'";
    let names: Vec<String> = sqlx::query_scalar(names).fetch_all(&mut connection).await.expect("names");
    let mut schema = Schema::new();
    for name in names {
        let mut table = Table::default();
        let mut primary = BTreeMap::new();
        let columns =
            AssertSqlSafe(format!("SELECT name, type, \"notnull\", pk FROM pragma_table_info('{name}')"));
        for row in sqlx::query(columns).fetch_all(&mut connection).await.expect("columns") {
            let column: String = row.get(0);
            let place: i64 = row.get(3);
            if place > 0 {
                primary.insert(place, column.clone());
            }
            // A primary key is never null, whether it says so or not.
            let nullable = row.get::<i64, _>(2) == 0 && place == 0;
            table.columns.insert(column, (counterpart(row.get(1)).to_owned(), nullable));
        }
        table.primary = primary.into_values().collect();
        let indices = "SELECT name FROM pragma_index_list($1) WHERE \"unique\" = 1 AND origin <> 'pk'";
        let indices: Vec<String> =
            sqlx::query_scalar(indices).bind(&name).fetch_all(&mut connection).await.expect("indices");
        for index in indices {
            let columns = "SELECT name FROM pragma_index_info($1) ORDER BY seqno";
            let columns: Vec<String> =
                sqlx::query_scalar(columns).bind(index).fetch_all(&mut connection).await.expect("columns");
            table.unique.insert(columns);
        }
        schema.insert(name, table);
    }
    connection.close().await.expect("closed");
    schema
}

async fn on_postgres() -> Schema {
    let database = server::database().await;
    made(&database).await;
    let Database::Postgres(settings) = &database else { panic!("on PostgreSQL") };
    let mut connection = server::connect(&settings.name).await;
    let mut schema = Schema::new();
    let columns = "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), a.attnotnull \
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 \
            AND c.relname NOT LIKE '\\_%'";
    for row in sqlx::query(columns).fetch_all(&mut connection).await.expect("columns") {
        let table = schema.entry(row.get(0)).or_default();
        table.columns.insert(row.get(1), (row.get(2), !row.get::<bool, _>(3)));
    }
    let keys = "SELECT c.relname::text, i.indisprimary, \
            array(SELECT a.attname::text FROM unnest(i.indkey::int[]) WITH ORDINALITY AS k (num, at) \
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num ORDER BY k.at) \
        FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid \
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_%'";
    for row in sqlx::query(keys).fetch_all(&mut connection).await.expect("keys") {
        let table = schema.entry(row.get(0)).or_default();
        if row.get(1) {
            table.primary = row.get(2);
        } else {
            table.unique.insert(row.get(2));
        }
    }
    schema
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_keys() {
    let (sqlite, mut postgres) = (on_sqlite().await, on_postgres().await);
    for (name, why) in MORE {
        assert!(postgres.remove(name).is_some(), "{name}: {why}");
    }
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    for (name, table) in &sqlite {
        assert_eq!(*table, postgres[name], "{name}");
        assert!(!table.columns.is_empty() && !table.primary.is_empty(), "{name}");
    }
}
