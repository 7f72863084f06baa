//! `operators`: who works at the console.

use std::time::Duration;

use yanmi_onboarding::Grant;
use yanmi_protocol::UnixMillis;
use zeroize::Zeroizing;

use super::login::{Login, read_login};
use super::operator_grants::{self, GrantRow};
use crate::events::Fields;
use crate::sealing::{Cell, Sealer};
use crate::staff::{PasswordHash, TotpSecret};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// Who has not logged in for so long is locked.
const IDLE: Duration = Duration::from_hours(24 * 90);

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "operators (login, name, unit, password, password_at, totp, totp_step, failed, locked_until, last_login, \
            invitation, invited_until, closed_at, changed_at)",
    &[Text, Text, Text, Text, Number, Bytes, Number, Number, Number, Number, Bytes, Number, Number, Number],
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
        ]
    }

    /// Whether he has not logged in for so long that he may not any more, until he is invited anew.
    pub(crate) fn is_idle(&self, now: UnixMillis) -> bool {
        self.last_login.max(self.password_at).is_some_and(|at| now >= at.plus(IDLE))
    }

    /// The grants alone.
    pub(crate) fn rights(&self) -> Vec<Grant> {
        self.grants.iter().map(|row| row.grant).collect()
    }
}

/// What a login is checked against.
#[derive(Debug)]
pub(crate) struct StoredOperator {
    pub(crate) row: OperatorRow,
    pub(crate) password: Option<PasswordHash>,
    pub(super) totp: Option<TotpSecret>,
    pub(super) totp_step: i64,
}

/// The cell of a second factor.
pub(super) fn totp_cell(login: &str) -> Cell<'_> {
    Cell { table: "operators", row: login, column: "totp" }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT login, name, unit, password, password_at, totp, totp_step, locked_until, last_login, \
             invited_until, closed_at FROM operators ",
            $which
        )
    };
}

/// One operator.
pub(super) async fn one(
    connection: &mut Connection,
    sealer: &Sealer,
    login: &Login,
) -> Result<Option<StoredOperator>, StoreError> {
    const TEXT: &str = select!("WHERE login = $1");
    fetch_one(connection, sealer, Statement::new(TEXT).text(login.as_str())).await
}

/// The operator who holds an invitation.
pub(super) async fn invited(
    connection: &mut Connection,
    sealer: &Sealer,
    invitation: &[u8; 16],
) -> Result<Option<StoredOperator>, StoreError> {
    const TEXT: &str = select!("WHERE invitation = $1");
    fetch_one(connection, sealer, Statement::new(TEXT).bytes(invitation)).await
}

/// All operators, by login.
pub(super) async fn all(
    connection: &mut Connection,
    sealer: &Sealer,
) -> Result<Vec<OperatorRow>, StoreError> {
    const TEXT: &str = select!("ORDER BY login");
    let mut grants = operator_grants::all(connection).await?;
    let rows = connection.fetch(Statement::new(TEXT)).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let stored = read(&mut Columns::new(row, TABLE.name()), sealer)?;
        let grants = grants.remove(&stored.row.login).unwrap_or_default();
        all.push(OperatorRow { grants, ..stored.row });
    }
    Ok(all)
}

/// Whether there is any.
pub(super) async fn is_empty(connection: &mut Connection) -> Result<bool, StoreError> {
    let found = connection.fetch(Statement::new("SELECT login FROM operators LIMIT 1")).await?;
    Ok(found.len() == 0)
}

async fn fetch_one(
    connection: &mut Connection,
    sealer: &Sealer,
    statement: Statement,
) -> Result<Option<StoredOperator>, StoreError> {
    let rows = connection.fetch(statement).await?;
    let Some(row) = rows.iter().next() else { return Ok(None) };
    let mut stored = read(&mut Columns::new(row, TABLE.name()), sealer)?;
    stored.row.grants = operator_grants::of(connection, &stored.row.login).await?;
    Ok(Some(stored))
}

fn read(columns: &mut Columns<'_>, sealer: &Sealer) -> Result<StoredOperator, StoreError> {
    let login = read_login(columns)?;
    let (name, unit) = (columns.text()?.to_owned(), columns.text()?.to_owned());
    let password = match columns.optional_text()? {
        Some(text) => Some(PasswordHash::read(text).ok_or(columns.impossible("密码摘要格式不对"))?),
        None => None,
    };
    let password_at = columns.optional_time()?;
    let totp = match columns.optional_bytes()? {
        Some(stored) => {
            let bytes = sealer.open(totp_cell(login.as_str()), stored).ok();
            let bytes =
                bytes.and_then(|bytes| Some(Zeroizing::new(<[u8; 20]>::try_from(bytes.as_slice()).ok()?)));
            Some(TotpSecret::from_bytes(*bytes.ok_or(columns.impossible("第二因素无法打开"))?))
        }
        None => None,
    };
    let totp_step = columns.number()?;
    let row = OperatorRow {
        login,
        name,
        unit,
        password_at,
        locked_until: columns.optional_time()?,
        last_login: columns.optional_time()?,
        invited_until: columns.optional_time()?,
        closed_at: columns.optional_time()?,
        grants: Vec::new(),
    };
    Ok(StoredOperator { row, password, totp, totp_step })
}
