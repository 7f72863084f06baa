//! Sessions of each realm, all of the same columns: who is logged in. One session at most for each person: a new one ends the
//! older.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use super::login::{Login, read_login};
use super::realm::Realm;
use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;

/// A session nobody used for so long is over.
pub(crate) const IDLE: Duration = Duration::from_mins(15);
/// No session is longer.
const LONGEST: Duration = Duration::from_hours(8);
/// When the second factor was shown within this time, it need not be shown again for what is serious.
const STRONG: Duration = Duration::from_mins(5);
/// How exactly the last use is known.
const SEEN_EVERY: Duration = Duration::from_mins(1);

/// A session as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub(crate) login: Login,
    pub(crate) started_at: UnixMillis,
    seen_at: UnixMillis,
    strong_at: UnixMillis,
    pub(crate) address: String,
}

impl SessionRow {
    /// Whether it is not over.
    pub(super) fn holds(&self, now: UnixMillis) -> bool {
        now < self.seen_at.plus(IDLE) && now < self.started_at.plus(LONGEST)
    }

    /// Whether its use has to be written down.
    pub(super) fn is_stale(&self, now: UnixMillis) -> bool {
        now >= self.seen_at.plus(SEEN_EVERY)
    }

    /// Whether the second factor was shown lately.
    pub(crate) fn is_strong(&self, now: UnixMillis) -> bool {
        now < self.strong_at.plus(STRONG)
    }
}

/// The session with this hash.
pub(super) async fn one(
    connection: &mut Connection,
    realm: Realm,
    session: &[u8; 16],
) -> Result<Option<SessionRow>, StoreError> {
    let table = realm.sessions();
    let text =
        format!("SELECT login, started_at, seen_at, strong_at, address FROM {table} WHERE session = $1");
    let rows = connection.fetch(Statement::composed(text).bytes(session)).await?;
    rows.iter().next().map(|row| read(&mut Columns::new(row, table))).transpose()
}

fn read(columns: &mut Columns<'_>) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        login: read_login(columns)?,
        started_at: columns.time()?,
        seen_at: columns.time()?,
        strong_at: columns.time()?,
        address: columns.text()?.to_owned(),
    })
}

/// Begins a session in the place of any other of the person.
pub(super) fn begin(
    realm: Realm,
    login: &Login,
    session: &[u8; 16],
    at: UnixMillis,
    address: &str,
) -> Statement {
    let text = format!(
        "INSERT INTO {} (login, session, started_at, seen_at, strong_at, address) VALUES ($1, $2, $3, $3, $3, $4) \
         ON CONFLICT (login) DO UPDATE SET session = excluded.session, started_at = excluded.started_at, \
            seen_at = excluded.seen_at, strong_at = excluded.strong_at, address = excluded.address",
        realm.sessions()
    );
    Statement::composed(text).text(login.as_str()).bytes(session).number(at.get()).text(address)
}

/// Notes that it was used.
pub(super) fn see(realm: Realm, session: &[u8; 16], at: UnixMillis) -> Statement {
    let text = format!("UPDATE {} SET seen_at = $2 WHERE session = $1", realm.sessions());
    Statement::composed(text).bytes(session).number(at.get())
}

/// Notes that the second factor was shown.
pub(super) fn strengthen(realm: Realm, session: &[u8; 16], at: UnixMillis) -> Statement {
    let text = format!("UPDATE {} SET seen_at = $2, strong_at = $2 WHERE session = $1", realm.sessions());
    Statement::composed(text).bytes(session).number(at.get())
}

/// Notes that it began without the second factor: what is serious asks for it.
pub(super) fn weaken(realm: Realm, session: &[u8; 16]) -> Statement {
    let text = format!("UPDATE {} SET strong_at = 0 WHERE session = $1", realm.sessions());
    Statement::composed(text).bytes(session)
}

/// Ends whatever session a person has.
pub(super) fn end(realm: Realm, login: &Login) -> Statement {
    let text = format!("DELETE FROM {} WHERE login = $1", realm.sessions());
    Statement::composed(text).text(login.as_str())
}
