//! `operators`: who works at the console.

use yanmi_onboarding::Grant;
use yanmi_protocol::UnixMillis;

use super::credentials;
use super::login::{Login, read_login};
use super::operator_grants::{self, GrantRow};
use crate::events::Fields;
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "operators (login, name, unit, password, password_at, totp, totp_step, failed, locked_until, last_login, \
            invitation, invited_until, closed_at, changed_at, oidc_subject, oidc_at)",
    &[
        Text, Text, Text, Text, Number, Bytes, Number, Number, Number, Number, Bytes, Number, Number, Number,
        Bytes, Number,
    ],
    1,
);

/// An operator as listed; nothing secret.
#[derive(Clone, Debug)]
pub struct OperatorRow {
    /// What he logs in as.
    pub login: Login,
    /// What he is called.
    pub name: String,
    /// Where he works.
    pub unit: String,
    /// When he last set his password; nothing before he took up his invitation.
    pub password_at: Option<UnixMillis>,
    /// Until when he cannot log in after wrong tries.
    pub locked_until: Option<UnixMillis>,
    /// When he last logged in.
    pub last_login: Option<UnixMillis>,
    /// Until when an invitation can be taken up, if there is one.
    pub invited_until: Option<UnixMillis>,
    /// When he was closed for good.
    pub closed_at: Option<UnixMillis>,
    /// What shows of the provider's subject that is bound to him, if there is one.
    pub oidc: Option<String>,
    /// What he may do, and where.
    pub grants: Vec<GrantRow>,
}

impl OperatorRow {
    /// As an event shows it.
    pub(super) fn fields(&self) -> Fields {
        let time = |at: Option<UnixMillis>| at.map(UnixMillis::shanghai_text);
        let grants: Vec<String> = self.grants.iter().map(GrantRow::words).collect();
        vec![
            ("name", Some(self.name.clone())),
            ("unit", Some(self.unit.clone())),
            ("grants", Some(grants.join("，")).filter(|grants| !grants.is_empty())),
            ("password_at", time(self.password_at)),
            ("invited_until", time(self.invited_until)),
            ("locked_until", time(self.locked_until)),
            ("closed_at", time(self.closed_at)),
            ("oidc", self.oidc.clone()),
        ]
        .into()
    }

    /// Whether he has not logged in for so long that he may not any more, until he is invited anew.
    pub(crate) fn is_idle(&self, now: UnixMillis) -> bool {
        credentials::is_idle(self.last_login.max(self.password_at), now)
    }

    /// The grants alone.
    pub(crate) fn rights(&self) -> Vec<Grant> {
        self.grants.iter().map(|row| row.grant).collect()
    }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT login, name, unit, password_at, locked_until, last_login, invited_until, closed_at, \
             oidc_subject FROM operators ",
            $which
        )
    };
}

/// One operator.
pub(super) async fn one(
    connection: &mut Connection,
    login: &Login,
) -> Result<Option<OperatorRow>, StoreError> {
    const TEXT: &str = select!("WHERE login = $1");
    let rows = connection.fetch(Statement::new(TEXT).text(login.as_str())).await?;
    let Some(row) = rows.iter().next() else { return Ok(None) };
    let row = read(&mut Columns::new(row, TABLE.name()))?;
    let grants = operator_grants::of(connection, login).await?;
    Ok(Some(OperatorRow { grants, ..row }))
}

/// What shows of the hash of a provider's subject: enough to tell two apart.
pub(super) fn shown(subject: &[u8]) -> String {
    let word = subject.first_chunk().map_or(0, |word| u32::from_be_bytes(*word));
    format!("{word:08x}")
}

/// Whose a provider's subject is.
pub(super) async fn of_subject(
    connection: &mut Connection,
    subject: &[u8; 16],
) -> Result<Option<Login>, StoreError> {
    const TEXT: &str = "SELECT login FROM operators WHERE oidc_subject = $1";
    let rows = connection.fetch(Statement::new(TEXT).bytes(subject)).await?;
    rows.iter().next().map(|row| read_login(&mut Columns::new(row, TABLE.name()))).transpose()
}

/// All operators, by login.
pub(super) async fn all(connection: &mut Connection) -> Result<Vec<OperatorRow>, StoreError> {
    const TEXT: &str = select!("ORDER BY login");
    let mut grants = operator_grants::all(connection).await?;
    let rows = connection.fetch(Statement::new(TEXT)).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let row = read(&mut Columns::new(row, TABLE.name()))?;
        let grants = grants.remove(&row.login).unwrap_or_default();
        all.push(OperatorRow { grants, ..row });
    }
    Ok(all)
}

/// Whether there is any.
pub(super) async fn is_empty(connection: &mut Connection) -> Result<bool, StoreError> {
    let found = connection.fetch(Statement::new("SELECT login FROM operators LIMIT 1")).await?;
    Ok(found.len() == 0)
}

fn read(columns: &mut Columns<'_>) -> Result<OperatorRow, StoreError> {
    Ok(OperatorRow {
        login: read_login(columns)?,
        name: columns.text()?.to_owned(),
        unit: columns.text()?.to_owned(),
        password_at: columns.optional_time()?,
        locked_until: columns.optional_time()?,
        last_login: columns.optional_time()?,
        invited_until: columns.optional_time()?,
        closed_at: columns.optional_time()?,
        oidc: columns.optional_bytes()?.map(shown),
        grants: Vec::new(),
    })
}
