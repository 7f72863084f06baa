//! 定点医药机构: institutions.

use yanmi_protocol::{AccountId, OrgCode, UnixMillis};

use super::event::Fields;
use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "institutions (org_code, name, org_id, active, changed_at)",
    &[Text, Text, Text, Number, Number],
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
    /// The account it calls through.
    pub account: AccountId,
    /// Whether it may be served.
    pub active: bool,
    /// When it was last changed.
    pub changed_at: UnixMillis,
}

impl InstitutionRow {
    /// As an event shows it.
    pub(super) fn fields(&self) -> Fields {
        vec![
            ("name", Some(self.name.clone())),
            ("account", Some(self.account.as_str().to_owned())),
            ("active", Some(self.active.to_string())),
        ]
    }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!("SELECT org_code, name, org_id, active, changed_at FROM institutions ", $which)
    };
}

/// One institution, if there is one.
pub(super) async fn one(
    connection: &mut Connection,
    code: &OrgCode,
) -> Result<Option<InstitutionRow>, StoreError> {
    const TEXT: &str = select!("WHERE org_code = $1");
    let rows = connection.fetch(Statement::new(TEXT).text(code.as_str())).await?;
    rows.iter().next().map(|row| read(&mut Columns::new(row, "institutions"))).transpose()
}

/// All institutions, by code.
pub(super) async fn all(connection: &mut Connection) -> Result<Vec<InstitutionRow>, StoreError> {
    const TEXT: &str = select!("ORDER BY org_code");
    let rows = connection.fetch(Statement::new(TEXT)).await?;
    rows.iter().map(|row| read(&mut Columns::new(row, "institutions"))).collect()
}

fn read(columns: &mut Columns<'_>) -> Result<InstitutionRow, StoreError> {
    Ok(InstitutionRow {
        org_code: columns.org_code()?,
        name: columns.text()?.to_owned(),
        account: AccountId::new(columns.text()?).map_err(|_| columns.impossible("业务系统编码格式不对"))?,
        active: columns.flag()?,
        changed_at: columns.time()?,
    })
}
