//! `operator_grants`: what an operator may do, and where.

use std::collections::BTreeMap;

use yanmi_onboarding::{Area, Grant, Role};
use yanmi_protocol::UnixMillis;

use super::login::{Login, read_login};
use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "operator_grants (login, role, area, granted_by, granted_at, until)",
    &[Text, Text, Text, Text, Number, Number],
    3,
);

/// A grant as listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantRow {
    /// What, where and until when.
    pub grant: Grant,
    /// Who gave it.
    pub granted_by: String,
    /// When.
    pub granted_at: UnixMillis,
}

impl GrantRow {
    /// As an operator reads it.
    pub fn words(&self) -> String {
        format!("{}（{}）", self.grant.role.name(), self.grant.area)
    }
}

/// All grants, by who has them.
pub(super) async fn all(connection: &mut Connection) -> Result<BTreeMap<Login, Vec<GrantRow>>, StoreError> {
    const TEXT: &str = "SELECT login, role, area, granted_by, granted_at, until FROM operator_grants \
        ORDER BY login, role, area";
    let mut all = BTreeMap::<Login, Vec<GrantRow>>::new();
    for row in connection.fetch(Statement::new(TEXT)).await?.iter() {
        let mut columns = Columns::new(row, TABLE.name());
        let login = read_login(&mut columns)?;
        all.entry(login).or_default().push(read(&mut columns)?);
    }
    Ok(all)
}

/// The grants of one operator.
pub(super) async fn of(connection: &mut Connection, login: &Login) -> Result<Vec<GrantRow>, StoreError> {
    const TEXT: &str = "SELECT role, area, granted_by, granted_at, until FROM operator_grants \
        WHERE login = $1 ORDER BY role, area";
    let rows = connection.fetch(Statement::new(TEXT).text(login.as_str())).await?;
    rows.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

fn read(columns: &mut Columns<'_>) -> Result<GrantRow, StoreError> {
    let role = Role::of_word(columns.text()?).ok_or(columns.impossible("角色未知"))?;
    let area = Area::new(columns.text()?).map_err(|_| columns.impossible("辖区格式不对"))?;
    let (granted_by, granted_at) = (columns.text()?.to_owned(), columns.time()?);
    Ok(GrantRow { grant: Grant { role, area, until: columns.optional_time()? }, granted_by, granted_at })
}

/// Gives a grant, or gives it until another time.
pub(super) fn give(login: &Login, grant: &Grant, by: &str, at: UnixMillis) -> Statement {
    const TEXT: &str = "INSERT INTO operator_grants (login, role, area, granted_by, granted_at, until) \
        VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (login, role, area) DO UPDATE SET granted_by = excluded.granted_by, \
            granted_at = excluded.granted_at, until = excluded.until";
    Statement::new(TEXT)
        .text(login.as_str())
        .text(grant.role.word())
        .text(grant.area.as_str())
        .text(by)
        .number(at.get())
        .optional_number(grant.until.map(UnixMillis::get))
}

/// Takes a grant away.
pub(super) fn take(login: &Login, role: Role, area: Area) -> Statement {
    const TEXT: &str = "DELETE FROM operator_grants WHERE login = $1 AND role = $2 AND area = $3";
    Statement::new(TEXT).text(login.as_str()).text(role.word()).text(area.as_str())
}

/// Takes all grants of an operator away.
pub(super) fn take_all(login: &Login) -> Statement {
    Statement::new("DELETE FROM operator_grants WHERE login = $1").text(login.as_str())
}
