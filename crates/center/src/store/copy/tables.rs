//! What is copied: every table of the schema but `site`, which the copy itself writes, last.
//!
//! A test compares this list with the schema of both databases: tables, columns, types and keys. A migration that adds
//! one and forgets it here does not pass.

use crate::store::batch::Rows;
use crate::store::connection::{Kind, Statement, Value};

use Kind::{Bytes as B, Number as N, Text as T};

/// The columns of `site`.
pub(super) const SITE: &str = "id, canary, registry_version, next_number";

/// A table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// The table and its columns as an insertion names them; the primary key comes first.
    pub(super) into: &'static str,
    /// The types of the columns.
    pub(super) kinds: &'static [Kind],
    /// How many columns the primary key has.
    pub(super) key: usize,
}

/// Numbers that the database gives out itself are taken over as they are.
pub(super) const TABLES: [Table; 15] = [
    Table {
        into: "accounts (org_id, name, enabled, interfaces, rate, key_new, key_old, changed_at, mac)",
        kinds: &[T, T, N, T, N, B, B, N, T],
        key: 1,
    },
    Table {
        into: "institutions (org_code, name, org_id, active, changed_at)",
        kinds: &[T, T, T, N, N],
        key: 1,
    },
    Table {
        into: "channels (channel, name, notice_url, settlement, password_free, ways, record, enabled, key_new, \
            key_old, changed_at, handover_url, word_single, word_day, mac)",
        kinds: &[T, T, T, N, N, T, T, N, B, B, N, T, N, N, T],
        key: 1,
    },
    Table {
        into: "tokens (token, person, identity, channel, active, condition, authorized, password_set, decoded_at, \
            holder)",
        kinds: &[T, B, B, T, N, T, N, N, N, B],
        key: 1,
    },
    Table {
        into: "verifications (id, token, org_code, attempt, notice, serial, serial_at, amount, shown_name, asked_at, \
            expires_at, notices, first_at, state, state_at, reason, valid_until, compared) OVERRIDING SYSTEM VALUE",
        kinds: &[N, T, T, N, N, N, N, N, T, N, N, N, N, T, N, T, N, N],
        key: 1,
    },
    Table { into: "persons (person, budget, asked)", kinds: &[B, B, T], key: 1 },
    Table { into: "not_me (person, org_code, at)", kinds: &[B, T, N], key: 2 },
    Table { into: "password_tries (identity, tries, locked_until)", kinds: &[B, N, N], key: 1 },
    Table {
        into: "password_free (person, channel, open, single_limit, day_limit, day_count, day, spent, used, since)",
        kinds: &[B, T, N, N, N, N, N, N, N, N],
        key: 2,
    },
    Table {
        into: "free_uses (token, org_code, day, amount, at, called_at, ground, day_total)",
        kinds: &[T, T, N, N, N, N, T, N],
        key: 2,
    },
    Table { into: "face_uses (face, notice, at)", kinds: &[B, N, N], key: 1 },
    Table { into: "page_claims (notice, sequence, browser, at)", kinds: &[N, N, B, N], key: 1 },
    Table {
        into: "free_payments (id, person, channel, day, token, org_code, amount, at) OVERRIDING SYSTEM VALUE",
        kinds: &[N, B, T, N, T, T, N, N],
        key: 1,
    },
    Table {
        into: "audit (id, at, event, token, org_code, channel, person, notice, serial, amount, detail, confirmer) \
            OVERRIDING SYSTEM VALUE",
        kinds: &[N, N, T, T, T, T, B, N, N, N, T, B],
        key: 1,
    },
    Table {
        into: "calls (id, at, node, op, org_id, proven, org_code, token, notice, code, cause, detail, us, address) \
            OVERRIDING SYSTEM VALUE",
        kinds: &[N, N, N, T, T, N, T, T, N, N, T, T, N, T],
        key: 1,
    },
];

/// The primary key of a row.
pub(super) type Key = Vec<Value>;

impl Table {
    pub(super) fn name(&self) -> &'static str {
        self.into.split(' ').next().unwrap_or(self.into)
    }

    /// The columns, separated by a comma and a blank.
    pub(super) fn columns(&self) -> &'static str {
        let inside = self.into.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        inside.map_or("", |(columns, _)| columns)
    }

    /// Whether the database gives out its keys.
    pub(super) fn is_numbered(&self) -> bool {
        self.into.ends_with("OVERRIDING SYSTEM VALUE")
    }

    /// The columns of the key, each with this behind it.
    fn key_columns(&self, behind: &str) -> String {
        let columns: Vec<String> =
            self.columns().split(", ").take(self.key).map(|column| format!("{column}{behind}")).collect();
        columns.join(", ")
    }

    fn compared(&self, how: &str) -> String {
        let places: Vec<String> = (1..=self.key).map(|place| format!("${place}")).collect();
        format!("({}) {how} ({})", self.key_columns(""), places.join(", "))
    }

    fn with_key(&self, text: String, key: Option<&Key>) -> Statement {
        let values = key.into_iter().flatten().zip(self.kinds);
        values
            .fold(Statement::composed(text), |statement, (value, kind)| statement.with(*kind, value.clone()))
    }

    /// So many rows after this key, or from the beginning, in the order of the key. Both databases order by bytes.
    pub(super) fn after(&self, key: Option<&Key>, rows: usize) -> Statement {
        let bound = key.map_or_else(String::new, |_| format!(" WHERE {}", self.compared(">")));
        let (columns, name, order) = (self.columns(), self.name(), self.key_columns(""));
        self.with_key(format!("SELECT {columns} FROM {name}{bound} ORDER BY {order} LIMIT {rows}"), key)
    }

    /// The last key there is.
    pub(super) fn last(&self) -> Statement {
        let (columns, name, order) = (self.key_columns(""), self.name(), self.key_columns(" DESC"));
        Statement::composed(format!("SELECT {columns} FROM {name} ORDER BY {order} LIMIT 1"))
    }

    /// How many rows there are up to this key, or altogether.
    pub(super) fn count(&self, key: Option<&Key>) -> Statement {
        let bound = key.map_or_else(String::new, |_| format!(" WHERE {}", self.compared("<=")));
        self.with_key(format!("SELECT count(*) FROM {}{bound}", self.name()), key)
    }

    /// Has PostgreSQL go on with the numbers after the last one.
    pub(super) fn go_on(&self) -> Statement {
        let (name, key) = (self.name(), self.key_columns(""));
        Statement::composed(format!(
            "SELECT setval(pg_get_serial_sequence('{name}', '{key}'), coalesce(max({key}), 1), max({key}) IS NOT NULL) \
             FROM {name}"
        ))
    }

    /// The key of the last of these rows.
    pub(super) fn key_of_last(&self, rows: &Rows) -> Option<Key> {
        let last = rows.len().checked_sub(1)?;
        Some(rows.row(last)[..self.key].to_vec())
    }
}

/// Every row of every table as a line, in an order of its own; what the database numbers itself is left out, but orders the
/// audit.
#[cfg(test)]
pub(crate) fn everything(shared: bool) -> Statement {
    let of = |table: &Table| {
        let cell = |(column, kind): (&str, &Kind)| match (shared, kind) {
            (false, _) => format!("quote({column})"),
            (true, _) => format!("quote_nullable(CAST({column} AS text))"),
        };
        let columns = table.columns().split(", ").zip(table.kinds).filter(|(column, _)| *column != "id");
        let cells: Vec<String> = columns.map(cell).collect();
        let (name, order) = (table.name(), if table.name() == "audit" { "id" } else { "0" });
        format!(
            "SELECT '{name} ' || {} AS line, '{name}' AS place, {order} AS rank FROM {name}",
            cells.join(" || ',' || ")
        )
    };
    let all: Vec<String> = TABLES.iter().map(of).collect();
    Statement::composed(format!(
        "SELECT line FROM ({}) AS e ORDER BY place, rank, line",
        all.join(" UNION ALL ")
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sqlx::{AssertSqlSafe, Executor, Row};

    use super::*;
    use crate::config::Database;
    use crate::entropy::Entropy;
    use crate::sealing::Sealer;
    use crate::store::Store;
    use crate::store::connection::Connection;

    /// For each table its columns: name, type, and place in the primary key, 0 for none.
    type Schema = BTreeMap<String, Vec<(String, String, i64)>>;

    async fn schema() -> Schema {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::Sqlite(folder.path().join("center.sqlite"));
        let key = yanmi_protocol::Sm4Key::from_bytes(&[7; 16]);
        let sealer = Sealer::new(&key, Entropy::seeded(7));
        let store = Store::made(&database, &sealer).await.expect("a store");
        let Connection::Sqlite(mut connection) = store.connect().await.expect("a connection") else {
            panic!("on SQLite")
        };
        let names =
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'";
        let names = connection.fetch_all(names).await.expect("names");
        let mut schema = Schema::new();
        for name in names.iter().map(|row| row.get::<String, _>(0)) {
            let columns = format!("SELECT name, type, pk FROM pragma_table_info('{name}')");
            let columns = connection.fetch_all(AssertSqlSafe(columns)).await.expect("columns");
            let columns = columns.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
            schema.insert(name, columns);
        }
        schema
    }

    #[tokio::test]
    async fn every_table_and_every_column_of_the_schema_is_copied() {
        let mut schema = schema().await;
        let site: Vec<String> = schema.remove("site").expect("a site").into_iter().map(|(n, ..)| n).collect();
        assert_eq!(SITE.split(", ").collect::<Vec<_>>(), site);
        for table in TABLES {
            let found = schema.remove(table.name()).unwrap_or_else(|| panic!("no table {}", table.name()));
            let listed: Vec<&str> = table.columns().split(", ").collect();
            assert_eq!(listed.len(), table.kinds.len(), "{}", table.name());
            let listed: Vec<_> = (0_i64..)
                .zip(listed.iter().zip(table.kinds))
                .map(|(at, (name, kind))| {
                    let place = if at < i64::try_from(table.key).expect("few") { at + 1 } else { 0 };
                    ((*name).to_owned(), *kind, place)
                })
                .collect();
            let found: Vec<_> = found
                .into_iter()
                .map(|(name, kind, place)| {
                    let kind = match kind.as_str() {
                        "INTEGER" | "BIGINT" => N,
                        "TEXT" => T,
                        "BLOB" => B,
                        other => panic!("no type for {other}"),
                    };
                    (name, kind, place)
                })
                .collect();
            assert_eq!(listed, found, "{}", table.name());
            // A key of another name is a number that came from elsewhere.
            let numbered = table.kinds[0] == N && table.key == 1 && table.columns().starts_with("id,");
            assert_eq!(table.is_numbered(), numbered, "{}", table.name());
        }
        assert!(schema.is_empty(), "not copied: {:?}", schema.keys());
    }

    #[test]
    fn rows_are_asked_for_after_a_key_of_one_column_or_of_two() {
        let table = TABLES.iter().find(|table| table.name() == "free_uses").expect("a table");
        let expected = "SELECT token, org_code, day, amount, at, called_at, ground, day_total FROM free_uses WHERE (token, org_code) > ($1, $2) \
            ORDER BY token, org_code LIMIT 3";
        let key = vec![Value::Text("t".to_owned()), Value::Text("o".to_owned())];
        assert_eq!(table.after(Some(&key), 3).words(), expected);
        let expected = "SELECT token, org_code FROM free_uses ORDER BY token DESC, org_code DESC LIMIT 1";
        assert_eq!(table.last().words(), expected);
        assert_eq!(TABLES[0].count(None).words(), "SELECT count(*) FROM accounts");
    }
}
