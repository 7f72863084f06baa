//! 定点医药机构: institutions.

use yanmi_protocol::{AccountId, OrgCode, UnixMillis};

use super::account_institutions::{self, Pairs};
use crate::events::Fields;
use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "institutions (org_code, name, org_id, active, changed_at, stopped_until, closed_at)",
    &[Text, Text, Text, Number, Number, Number, Number],
    1,
);

/// An institution to be added.
#[derive(Clone, Debug)]
pub struct NewInstitution {
    /// `orgCodg`.
    pub org_code: OrgCode,
    /// The registered name, which the insured person is shown.
    pub name: String,
    /// The account it calls through.
    pub account: AccountId,
}

/// An institution as it is stored and listed.
#[derive(Clone, Debug)]
pub struct InstitutionRow {
    /// `orgCodg`.
    pub org_code: OrgCode,
    /// The registered name.
    pub name: String,
    /// The accounts it calls through, in the order of their codes.
    pub accounts: Vec<AccountId>,
    /// Whether it may be served.
    pub active: bool,
    /// Until when it is stopped, if it was stopped for a time.
    pub stopped_until: Option<UnixMillis>,
    /// When it was closed for good.
    pub closed_at: Option<UnixMillis>,
    /// When it was last changed.
    pub changed_at: UnixMillis,
}

impl InstitutionRow {
    /// As an event shows it.
    pub(super) fn fields(&self) -> Fields {
        vec![
            ("name", Some(self.name.clone())),
            ("accounts", Some(self.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(","))),
            ("active", Some(self.active.to_string())),
            ("stopped_until", self.stopped_until.map(UnixMillis::shanghai_text)),
            ("closed_at", self.closed_at.map(UnixMillis::shanghai_text)),
        ]
    }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT org_code, name, org_id, active, changed_at, stopped_until, closed_at FROM institutions ",
            $which
        )
    };
}

/// One institution, if there is one.
pub(super) async fn one(
    connection: &mut Connection,
    code: &OrgCode,
) -> Result<Option<InstitutionRow>, StoreError> {
    const TEXT: &str = select!("WHERE org_code = $1");
    let pairs = account_institutions::of(connection, code).await?;
    let rows = connection.fetch(Statement::new(TEXT).text(code.as_str())).await?;
    rows.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()), &pairs)).transpose()
}

/// All institutions, by code.
pub(super) async fn all(connection: &mut Connection) -> Result<Vec<InstitutionRow>, StoreError> {
    const TEXT: &str = select!("ORDER BY org_code");
    let pairs = account_institutions::all(connection).await?;
    let rows = connection.fetch(Statement::new(TEXT)).await?;
    rows.iter().map(|row| read(&mut Columns::new(row, TABLE.name()), &pairs)).collect()
}

fn read(columns: &mut Columns<'_>, pairs: &Pairs) -> Result<InstitutionRow, StoreError> {
    let org_code = columns.org_code()?;
    Ok(InstitutionRow {
        org_code,
        name: columns.text()?.to_owned(),
        accounts: pairs.of(&org_code, columns.account()?),
        active: columns.flag()?,
        changed_at: columns.time()?,
        stopped_until: columns.optional_time()?,
        closed_at: columns.optional_time()?,
    })
}
