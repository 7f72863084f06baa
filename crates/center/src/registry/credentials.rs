//! What a login is checked against: the same columns in the table of persons of each realm.

use std::time::Duration;

use yanmi_protocol::UnixMillis;
use zeroize::Zeroizing;

use super::login::{Login, read_login};
use super::realm::Realm;
use crate::sealing::Sealer;
use crate::staff::{PasswordHash, TotpSecret};
use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;

/// Who has not logged in for so long is locked.
const IDLE: Duration = Duration::from_hours(24 * 90);

/// What a login is checked against. `Debug` shows neither password nor secret.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(super) realm: Realm,
    pub(crate) login: Login,
    pub(crate) name: String,
    pub(crate) password: Option<PasswordHash>,
    pub(super) totp: Option<TotpSecret>,
    pub(super) totp_step: i64,
    pub(super) locked_until: Option<UnixMillis>,
    /// Whether he has not logged in for so long that he may not any more.
    last_seen: Option<UnixMillis>,
    invited_until: Option<UnixMillis>,
    closed_at: Option<UnixMillis>,
}

impl Credentials {
    /// Whether he may log in at all, with whatever proof.
    pub(super) fn is_open(&self, now: UnixMillis) -> bool {
        let is_locked = self.locked_until.is_some_and(|until| now < until);
        self.closed_at.is_none() && !is_locked && !is_idle(self.last_seen, now)
    }

    /// Whether he has an invitation that can be taken up.
    pub(super) fn is_invited(&self, now: UnixMillis) -> bool {
        self.closed_at.is_none() && self.invited_until.is_some_and(|end| now < end)
    }
}

/// Whether somebody has not logged in, or set his password, for so long that he may not any more, until he is invited anew.
pub(crate) fn is_idle(last_seen: Option<UnixMillis>, now: UnixMillis) -> bool {
    last_seen.is_some_and(|at| now >= at.plus(IDLE))
}

/// Those of a person.
pub(super) async fn of(
    connection: &mut Connection,
    sealer: &Sealer,
    realm: Realm,
    login: &Login,
) -> Result<Option<Credentials>, StoreError> {
    fetch(connection, sealer, realm, select(realm, "login").text(login.as_str())).await
}

/// Those of who holds an invitation.
pub(super) async fn invited(
    connection: &mut Connection,
    sealer: &Sealer,
    realm: Realm,
    invitation: &[u8; 16],
) -> Result<Option<Credentials>, StoreError> {
    fetch(connection, sealer, realm, select(realm, "invitation").bytes(invitation)).await
}

fn select(realm: Realm, by: &str) -> Statement {
    Statement::composed(format!(
        "SELECT login, name, password, totp, totp_step, locked_until, last_login, password_at, invited_until, closed_at \
         FROM {} WHERE {by} = $1",
        realm.persons()
    ))
}

async fn fetch(
    connection: &mut Connection,
    sealer: &Sealer,
    realm: Realm,
    statement: Statement,
) -> Result<Option<Credentials>, StoreError> {
    let rows = connection.fetch(statement).await?;
    rows.iter().next().map(|row| read(&mut Columns::new(row, realm.persons()), sealer, realm)).transpose()
}

fn read(columns: &mut Columns<'_>, sealer: &Sealer, realm: Realm) -> Result<Credentials, StoreError> {
    let login = read_login(columns)?;
    let name = columns.text()?.to_owned();
    let password = match columns.optional_text()? {
        Some(text) => Some(PasswordHash::read(text).ok_or(columns.impossible("密码摘要格式不对"))?),
        None => None,
    };
    let totp = match columns.optional_bytes()? {
        Some(stored) => {
            let bytes = sealer.open(realm.totp_cell(login.as_str()), stored).ok();
            let bytes =
                bytes.and_then(|bytes| Some(Zeroizing::new(<[u8; 20]>::try_from(bytes.as_slice()).ok()?)));
            Some(TotpSecret::from_bytes(*bytes.ok_or(columns.impossible("第二因素无法打开"))?))
        }
        None => None,
    };
    Ok(Credentials {
        realm,
        login,
        name,
        password,
        totp,
        totp_step: columns.number()?,
        locked_until: columns.optional_time()?,
        last_seen: {
            let last_login = columns.optional_time()?;
            last_login.max(columns.optional_time()?)
        },
        invited_until: columns.optional_time()?,
        closed_at: columns.optional_time()?,
    })
}
