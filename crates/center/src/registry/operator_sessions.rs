//! `operator_sessions`: who is logged in. One session at most for each operator: a new one ends the older.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use super::login::{Login, read_login};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "operator_sessions (login, session, started_at, seen_at, strong_at, address)",
    &[Text, Bytes, Number, Number, Number, Text],
    1,
);

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
    session: &[u8; 16],
) -> Result<Option<SessionRow>, StoreError> {
    const TEXT: &str = "SELECT login, started_at, seen_at, strong_at, address FROM operator_sessions \
        WHERE session = $1";
    let rows = connection.fetch(Statement::new(TEXT).bytes(session)).await?;
    rows.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()))).transpose()
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

/// Begins a session in the place of any other of the operator.
pub(super) fn begin(login: &Login, session: &[u8; 16], at: UnixMillis, address: &str) -> Statement {
    const TEXT: &str = "INSERT INTO operator_sessions (login, session, started_at, seen_at, strong_at, address) \
        VALUES ($1, $2, $3, $3, $3, $4) \
        ON CONFLICT (login) DO UPDATE SET session = excluded.session, started_at = excluded.started_at, \
            seen_at = excluded.seen_at, strong_at = excluded.strong_at, address = excluded.address";
    Statement::new(TEXT).text(login.as_str()).bytes(session).number(at.get()).text(address)
}

/// Notes that it was used.
pub(super) fn see(session: &[u8; 16], at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE operator_sessions SET seen_at = $2 WHERE session = $1";
    Statement::new(TEXT).bytes(session).number(at.get())
}

/// Notes that the second factor was shown.
pub(super) fn strengthen(session: &[u8; 16], at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE operator_sessions SET seen_at = $2, strong_at = $2 WHERE session = $1";
    Statement::new(TEXT).bytes(session).number(at.get())
}

/// Ends whatever session an operator has.
pub(super) fn end(login: &Login) -> Statement {
    Statement::new("DELETE FROM operator_sessions WHERE login = $1").text(login.as_str())
}
