//! The tables of the ledger: one file a table, with its columns, what writes and reads it, and how old rows go.
//!
//! What goes through all of them is derived from the list below. A table that is not in it has no rows in a batch, and
//! its file does not compile for having a `TABLE` that nobody uses.
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
use crate::store::batch::{RowWriter, Rows, Script};
use crate::store::connection::Found;
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
    /// Verifications of which nothing has changed but the state.
    states: Rows,
}

impl Changes {
    /// The rows of a table.
    fn rows(&mut self, name: Name) -> &mut Rows {
        &mut self.rows[name as usize]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.states.is_empty() && self.rows.iter().all(Rows::is_empty)
    }

    /// The statements that write it all, under the mark of its batch.
    pub(crate) fn script(self, mark: Option<Mark>) -> Script {
        let mut script = Script::default();
        script.update(self.states, verifications::STATES);
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

/// Numbers of thirteen digits fit either way.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A row for each of the wanted, its number first.
pub(super) fn numbered<K>(wanted: &[K], fill: impl Fn(&mut RowWriter<'_>, &K)) -> Rows {
    let mut rows = Rows::default();
    for (at, key) in wanted.iter().enumerate() {
        rows.push(|row| fill(row.number(i64::try_from(at).unwrap_or(i64::MAX)), key));
    }
    rows
}

/// What was found for the wanted, by the number that each row begins with.
fn found<K: Copy + Eq + Hash, V>(
    rows: &Found,
    table: &'static str,
    wanted: &[K],
    read: impl Fn(&mut Columns<'_>) -> Result<Option<V>, StoreError>,
) -> Result<HashMap<K, V>, StoreError> {
    let mut out = HashMap::with_capacity(wanted.len());
    for row in rows.iter() {
        let mut columns = Columns::new(row, table);
        let at = usize::try_from(columns.number()?).unwrap_or(usize::MAX);
        if let (Some(key), Some(value)) = (wanted.get(at), read(&mut columns)?) {
            out.insert(*key, value);
        }
    }
    Ok(out)
}
