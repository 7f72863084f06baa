//! `account_institutions`: which accounts an institution calls through, and since when.
//!
//! An institution had one account, in its own row (`institutions.org_id`), and programs of the version before read it there.
//! So that column is kept up to date until a later version drops it: it counts where no row of this table says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use yanmi_protocol::{AccountId, OrgCode, UnixMillis};

use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement, Value};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table =
    Table::still("account_institutions (org_code, org_id, since, until)", &[Text, Text, Number, Number], 2);

/// What is said of pairs, by institution: whether it calls through the account.
#[derive(Default)]
pub(super) struct Pairs(BTreeMap<OrgCode, BTreeMap<AccountId, bool>>);

impl Pairs {
    /// The accounts of an institution, in the order of their codes; `own` is the one of its row.
    pub(super) fn of(&self, code: &OrgCode, own: AccountId) -> Vec<AccountId> {
        let Some(told) = self.0.get(code) else { return vec![own] };
        let mut accounts: BTreeSet<AccountId> =
            told.iter().filter(|(_, holds)| **holds).map(|(account, _)| *account).collect();
        if !told.contains_key(&own) {
            accounts.insert(own);
        }
        accounts.into_iter().collect()
    }
}

/// What is said of all institutions.
pub(super) async fn all(connection: &mut Connection) -> Result<Pairs, StoreError> {
    const TEXT: &str = "SELECT org_code, org_id, until FROM account_institutions";
    fetch(connection, Statement::new(TEXT)).await
}

/// What is said of these, which are few.
pub(super) async fn of(connection: &mut Connection, codes: &[OrgCode]) -> Result<Pairs, StoreError> {
    if codes.is_empty() {
        return Ok(Pairs::default());
    }
    let text = format!(
        "SELECT org_code, org_id, until FROM account_institutions WHERE org_code IN ({})",
        Statement::places(1, codes.len())
    );
    let statement = Statement::composed(text);
    fetch(connection, codes.iter().fold(statement, |statement, code| statement.text(code.as_str()))).await
}

async fn fetch(connection: &mut Connection, statement: Statement) -> Result<Pairs, StoreError> {
    let mut pairs = Pairs::default();
    for row in connection.fetch(statement).await?.iter() {
        let mut columns = Columns::new(row, TABLE.name());
        let (code, account) = (columns.org_code()?, columns.account()?);
        pairs.0.entry(code).or_default().insert(account, columns.optional_number()?.is_none());
    }
    Ok(pairs)
}

/// A pair that begins to hold, or ends.
pub(super) struct PairChange {
    pub(super) code: OrgCode,
    pub(super) account: AccountId,
    pub(super) holds: bool,
}

/// From now on the institution calls through the account, or does not.
pub(super) fn put_one(change: PairChange, at: UnixMillis) -> Statement {
    written(&[change], at)
}

/// The same of many.
pub(super) fn put(changes: &[PairChange], at: UnixMillis) -> impl Iterator<Item = Statement> {
    /// Rows of one statement, so that it has no more values than both databases take.
    const ROWS: usize = 1_000;
    changes.chunks(ROWS).map(move |chunk| written(chunk, at))
}

fn written(changes: &[PairChange], at: UnixMillis) -> Statement {
    const INTO: &str = "INSERT INTO account_institutions (org_code, org_id, since, until)";
    const TAIL: &str = "ON CONFLICT (org_code, org_id) DO UPDATE SET \
        since = CASE WHEN excluded.until IS NULL THEN excluded.since ELSE account_institutions.since END, \
        until = excluded.until";
    let rows = changes.iter().map(|change| {
        let end = if change.holds { Value::Null } else { Value::Number(at.get()) };
        vec![
            (Text, Value::Text(change.code.as_str().to_owned())),
            (Text, Value::Text(change.account.as_str().to_owned())),
            (Number, Value::Number(at.get())),
            (Number, end),
        ]
    });
    Statement::of_rows(INTO, rows, TAIL)
}

/// The institution's own row no longer names the account, if there is another one to name.
pub(super) fn follow(account: &AccountId, code: &OrgCode) -> Statement {
    const OTHER: &str = "UPDATE institutions SET org_id = other.org_id FROM (\
            SELECT min(org_id) AS org_id FROM account_institutions WHERE org_code = $1 AND until IS NULL\
        ) AS other WHERE org_code = $1 AND institutions.org_id = $2 AND other.org_id IS NOT NULL";
    Statement::new(OTHER).text(code.as_str()).text(account.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_the_row_counts_where_nothing_else_is_said_of_it() {
        let account = |name: &str| AccountId::new(name).expect("an account");
        let code = OrgCode::new("H35010000001").expect("a code");
        let (one, two) = (account("one"), account("two"));
        assert_eq!(Pairs::default().of(&code, one), [one]);
        let pairs = |list: &[(AccountId, bool)]| Pairs([(code, list.iter().copied().collect())].into());
        assert_eq!(pairs(&[(two, true)]).of(&code, one), [one, two]);
        assert_eq!(pairs(&[(two, false)]).of(&code, one), [one]);
        assert_eq!(pairs(&[(one, false), (two, true)]).of(&code, one), [two]);
        assert!(pairs(&[(one, false)]).of(&code, one).is_empty());
    }
}
