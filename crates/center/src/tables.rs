//! Every table there is: what a copy takes over, what a removal walks through, and what plans are looked at.
//!
//! A test compares the list with the schema of both databases: tables, columns, types and keys. A migration that adds one
//! and forgets it here does not pass.

use crate::calls;
use crate::events::operator_events;
use crate::ledger::table;
use crate::registry::{
    account, account_institutions, alarms, applicant_sessions, applicant_users, applicants,
    application_forms, application_steps, applications, attachment_parts, attachments, channel,
    feedback_forms, import_rows, imports, institution, key_offers, key_uses, operator_grants,
    operator_sessions, operators, pending,
};
use crate::statistics;
#[cfg(test)]
use crate::store::connection::{Kind, Statement};
use crate::store::table::Table;

/// All but `site`, which a copy writes itself, last. What refers to another comes after it.
pub(crate) fn all() -> impl Iterator<Item = &'static Table> {
    let registry = [
        &account::TABLE,
        &institution::TABLE,
        &account_institutions::TABLE,
        &channel::TABLE,
        &operator_events::TABLE,
        &operators::TABLE,
        &operator_grants::TABLE,
        &operator_sessions::TABLE,
        &applicants::TABLE,
        &applicant_users::TABLE,
        &applicant_sessions::TABLE,
        &key_offers::TABLE,
        &key_uses::TABLE,
        &pending::TABLE,
        &alarms::TABLE,
        &statistics::org_day::TABLE,
        &statistics::city_hour::TABLE,
        &statistics::marks::TABLE,
        &imports::TABLE,
        &import_rows::TABLE,
        &applications::TABLE,
        &application_forms::TABLE,
        &application_steps::TABLE,
        &attachments::TABLE,
        &attachment_parts::TABLE,
        &feedback_forms::TABLE,
    ];
    registry.into_iter().chain(table::TABLES).chain([&calls::table::TABLE])
}

/// Every row of every table as a line, in an order of its own; what the database numbers itself is left out, but orders the
/// audit.
#[cfg(test)]
pub(crate) fn everything(shared: bool) -> Statement {
    let of = |table: &Table| {
        let cell = |(column, kind): (&str, &Kind)| match (shared, kind) {
            // As PostgreSQL has it, so that both can be compared.
            (false, Kind::Bytes) => {
                format!("iif({column} IS NULL, 'NULL', 'E''\\\\x' || lower(hex({column})) || '''')")
            }
            (false, _) => format!("quote(CAST({column} AS text))"),
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
    let lines: Vec<String> = all().map(of).collect();
    Statement::composed(format!(
        "SELECT line FROM ({}) AS e ORDER BY place, rank, line",
        lines.join(" UNION ALL ")
    ))
}

#[cfg(test)]
mod plans;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sqlx::{AssertSqlSafe, Executor, Row};

    use super::*;
    use crate::config::Database;
    use crate::ports::Entropy;
    use crate::sealing::Sealer;
    use crate::store::Store;
    use crate::store::connection::Connection;
    use crate::store::connection::{
        Kind::{Bytes as B, Number as N, Text as T},
        Value,
    };
    use crate::store::site_row;

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
        let names = connection.driver().fetch_all(names).await.expect("names");
        let mut schema = Schema::new();
        for name in names.iter().map(|row| row.get::<String, _>(0)) {
            let columns = format!("SELECT name, type, pk FROM pragma_table_info('{name}')");
            let columns = connection.driver().fetch_all(AssertSqlSafe(columns)).await.expect("columns");
            let columns = columns.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
            schema.insert(name, columns);
        }
        schema
    }

    #[tokio::test]
    async fn every_table_and_every_column_of_the_schema_is_copied() {
        let mut schema = schema().await;
        let site: Vec<String> = schema.remove("site").expect("a site").into_iter().map(|(n, ..)| n).collect();
        assert_eq!(site_row::COLUMNS.split(", ").collect::<Vec<_>>(), site);
        for table in all() {
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
        let table = all().find(|table| table.name() == "free_uses").expect("a table");
        let expected = "SELECT token, org_code, day, amount, at, called_at, ground, day_total FROM free_uses WHERE (token, org_code) > ($1, $2) \
            ORDER BY token, org_code LIMIT 3";
        let key = vec![Value::Text("t".to_owned()), Value::Text("o".to_owned())];
        assert_eq!(table.after(Some(&key), 3).words(), expected);
        let expected = "SELECT token, org_code FROM free_uses ORDER BY token DESC, org_code DESC LIMIT 1";
        assert_eq!(table.last().words(), expected);
        assert_eq!(account::TABLE.count(None).words(), "SELECT count(*) FROM accounts");
    }
}
