//! `application_steps`: what was done with an application, step by step, as everybody who may see it reads.

use yanmi_protocol::UnixMillis;

use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::{Columns, signed};
use crate::store::table::Table;

/// Steps of one application that are shown; there are fewer, for it is submitted at most twenty times, and papers are added at most forty times.
const SHOWN: usize = 500;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "application_steps (application, seq, at, actor, action, from_state, to_state, said)",
    &[Number, Number, Number, Text, Text, Text, Text, Text],
    2,
);

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ApplicationStep {
    pub(crate) at: UnixMillis,
    /// Who, as events name him.
    pub(crate) actor: String,
    /// The word of what was done.
    pub(crate) action: String,
    /// The word of the state it came to.
    pub(crate) to: String,
    /// An opinion, a ground.
    pub(crate) said: String,
}

/// A new one.
pub(super) struct NewStep<'a> {
    pub(super) application: i64,
    pub(super) at: UnixMillis,
    pub(super) actor: &'a str,
    pub(super) action: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) said: &'a str,
}

/// Adds the next; within a transaction that holds the row of `site`.
pub(super) fn insert(new: &NewStep<'_>) -> Statement {
    const TEXT: &str = "INSERT INTO application_steps (application, seq, at, actor, action, from_state, to_state, said) \
        VALUES ($1, (SELECT COALESCE(max(seq), 0) + 1 FROM application_steps WHERE application = $1), \
            $2, $3, $4, $5, $6, $7)";
    Statement::new(TEXT)
        .number(new.application)
        .number(new.at.get())
        .text(new.actor)
        .text(new.action)
        .text(new.from)
        .text(new.to)
        .text(new.said)
}

/// How often this was done with an application.
pub(super) async fn count(
    connection: &mut Connection,
    application: i64,
    action: &str,
) -> Result<usize, StoreError> {
    const TEXT: &str = "SELECT count(*) FROM application_steps WHERE application = $1 AND action = $2";
    let found = connection.fetch(Statement::new(TEXT).number(application).text(action)).await?;
    let Some(row) = found.iter().next() else { return Ok(0) };
    let mut columns = Columns::new(row, TABLE.name());
    let count = usize::try_from(columns.number()?);
    count.map_err(|_| columns.impossible("步骤的个数不对"))
}

/// The steps of an application, the first first.
pub(super) async fn of(
    connection: &mut Connection,
    application: i64,
) -> Result<Vec<ApplicationStep>, StoreError> {
    const TEXT: &str = "SELECT at, actor, action, to_state, said FROM application_steps WHERE application = $1 \
        ORDER BY seq LIMIT $2";
    let statement = Statement::new(TEXT).number(application).number(signed(SHOWN as u64));
    let found = connection.fetch(statement).await?;
    let read = |columns: &mut Columns<'_>| {
        Ok(ApplicationStep {
            at: columns.time()?,
            actor: columns.text()?.to_owned(),
            action: columns.text()?.to_owned(),
            to: columns.text()?.to_owned(),
            said: columns.text()?.to_owned(),
        })
    };
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}
