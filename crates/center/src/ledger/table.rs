//! The tables of the ledger: one file a table, with its columns, what writes and reads it, and how old rows go.
//!
//! What goes through all of them is derived from the list below. The file of a table that is not in it does not compile: the
//! name under which it writes its rows is missing.
//!
//! Queries that join several tables are in `load`.

pub(crate) mod audit;
pub(crate) mod face_uses;
pub(crate) mod free_payments;
pub(crate) mod free_uses;
pub(crate) mod not_me;
pub(crate) mod page_claims;
pub(crate) mod password_free;
pub(crate) mod password_tries;
pub(crate) mod persons;
pub(crate) mod tokens;
pub(crate) mod verifications;

use std::hash::Hash;

use hashbrown::HashMap;

use super::machine::mark::{MARK, Mark};
use crate::store::StoreError;
use crate::store::batch::{Query, RowWriter, Rows, Script, Session};
use crate::store::row::Columns;
use crate::store::table::Table;

macro_rules! tables {
    ($($name:ident => $module:ident,)*) => {
        /// A table of the ledger.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Name {
            $($name,)*
        }

        /// All of them, in the order in which a batch writes them and old rows are removed: what leans on another goes
        /// before it.
        pub(crate) const TABLES: [&Table; [$(Name::$name),*].len()] = [$(&$module::TABLE),*];
    };
}

tables! {
    Verifications => verifications,
    FreeUses => free_uses,
    Tokens => tokens,
    Persons => persons,
    NotMe => not_me,
    PasswordTries => password_tries,
    PasswordFree => password_free,
    PageClaims => page_claims,
    FaceUses => face_uses,
    FreePayments => free_payments,
    Audit => audit,
}

/// The rows of one batch, by table.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    rows: [Rows; TABLES.len()],
    /// Rows of which a part has changed, as the first update of their table takes them.
    updates: [Rows; TABLES.len()],
}

impl Changes {
    /// The rows of a table.
    fn rows(&mut self, name: Name) -> &mut Rows {
        &mut self.rows[name as usize]
    }

    /// The rows of a table's first update.
    fn updates(&mut self, name: Name) -> &mut Rows {
        &mut self.updates[name as usize]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.updates.iter().chain(&self.rows).all(Rows::is_empty)
    }

    /// The statements that write it all, under the mark of its batch.
    pub(crate) fn script(self, mark: Option<Mark>) -> Script {
        let mut script = Script::default();
        for (rows, table) in self.updates.into_iter().zip(TABLES) {
            if let Some(update) = table.updates.first() {
                script.update(rows, *update);
            }
        }
        for (rows, table) in self.rows.into_iter().zip(TABLES) {
            if let Some(insert) = table.written {
                script.insert(rows, insert);
            }
        }
        if let Some(mark) = mark {
            script.insert(mark.rows(), MARK);
        }
        script
    }
}

/// A row for each of the wanted, its number first.
pub(super) fn numbered<K>(wanted: &[K], fill: impl Fn(&mut RowWriter<'_>, &K)) -> Rows {
    let mut rows = Rows::default();
    for (at, key) in wanted.iter().enumerate() {
        rows.push(|row| fill(row.number(i64::try_from(at).unwrap_or(i64::MAX)), key));
    }
    rows
}

/// What a table has for each of the wanted, those without a row left out. `fill` writes one behind its number as the query's
/// rows have it, `read` reads what the query answers behind that number.
async fn look_up<K: Copy + Eq + Hash, V>(
    session: &mut Session<'_>,
    (table, query): (&Table, Query),
    wanted: &[K],
    fill: impl Fn(&mut RowWriter<'_>, &K),
    read: impl Fn(&mut Columns<'_>) -> Result<Option<V>, StoreError>,
) -> Result<HashMap<K, V>, StoreError> {
    let found = session.query(numbered(wanted, fill), query).await?;
    let mut out = HashMap::with_capacity(wanted.len());
    for row in found.iter() {
        let mut columns = Columns::new(row, table.name());
        let at = usize::try_from(columns.number()?).unwrap_or(usize::MAX);
        if let (Some(key), Some(value)) = (wanted.get(at), read(&mut columns)?) {
            out.insert(*key, value);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_loses_the_rows_of_no_table() {
        let unwritten: Vec<&str> =
            TABLES.iter().filter(|table| table.written.is_none()).map(|table| table.name()).collect();
        assert!(unwritten.is_empty(), "{unwritten:?}");
    }
}
