//! `application_forms`: what was submitted in each round of an application. Nothing of it is ever changed.

use yanmi_onboarding::application::Form;
use yanmi_protocol::UnixMillis;

use crate::sealing::{Cell, Sealer};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "application_forms (application, round, digest, form, at)",
    &[Number, Number, Bytes, Bytes, Number],
    2,
);

fn cell(row: &str) -> Cell<'_> {
    Cell { table: "application_forms", row, column: "form" }
}

fn row_name(application: i64, round: u8) -> String {
    format!("{application} {round}")
}

/// Keeps the form of a round.
pub(super) fn insert(
    (application, round): (i64, u8),
    form: &Form,
    at: UnixMillis,
    sealer: &Sealer,
) -> Statement {
    const TEXT: &str =
        "INSERT INTO application_forms (application, round, digest, form, at) VALUES ($1, $2, $3, $4, $5)";
    let stored = sealer.seal(cell(&row_name(application, round)), form.to_json().as_bytes());
    Statement::new(TEXT)
        .number(application)
        .number(i64::from(round))
        .bytes(form.digest().bytes())
        .bytes(&stored)
        .number(at.get())
}

/// The forms of an application, the newest first; there are few rounds.
pub(super) async fn all(
    connection: &mut Connection,
    sealer: &Sealer,
    application: i64,
) -> Result<Vec<Form>, StoreError> {
    const TEXT: &str =
        "SELECT round, form FROM application_forms WHERE application = $1 ORDER BY round DESC LIMIT $2";
    let statement = Statement::new(TEXT).number(application).number(i64::from(u8::MAX));
    let found = connection.fetch(statement).await?;
    let read = |columns: &mut Columns<'_>| {
        let round = u8::try_from(columns.number()?);
        let round = round.map_err(|_| columns.impossible("轮次超出范围"))?;
        opened(columns, sealer, (application, round))
    };
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

fn opened(
    columns: &mut Columns<'_>,
    sealer: &Sealer,
    (application, round): (i64, u8),
) -> Result<Form, StoreError> {
    let opened = sealer.open(cell(&row_name(application, round)), columns.bytes()?);
    let form = opened.ok().and_then(|text| Form::from_json(std::str::from_utf8(&text).ok()?));
    form.ok_or(columns.impossible("申请表无法打开"))
}

/// The form of a round.
pub(super) async fn one(
    connection: &mut Connection,
    sealer: &Sealer,
    (application, round): (i64, u8),
) -> Result<Option<Form>, StoreError> {
    const TEXT: &str = "SELECT form FROM application_forms WHERE application = $1 AND round = $2";
    let statement = Statement::new(TEXT).number(application).number(i64::from(round));
    let found = connection.fetch(statement).await?;
    let Some(row) = found.iter().next() else { return Ok(None) };
    opened(&mut Columns::new(row, TABLE.name()), sealer, (application, round)).map(Some)
}
