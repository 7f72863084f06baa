//! `feedback_forms`: the feedback forms (反馈表) that were issued, each as it was signed.

use yanmi_papers::{Feedback, Signed};
use yanmi_protocol::UnixMillis;

use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "feedback_forms (number, code, application, account, paper, digest, made_by, made_at, superseded_by)",
    &[Number, Text, Number, Text, Text, Bytes, Text, Number, Number],
    1,
);

/// A form that was issued.
#[derive(Clone, Debug)]
pub(crate) struct FeedbackRow {
    pub(crate) number: i64,
    /// 反馈表编号.
    pub(crate) code: String,
    pub(crate) application: i64,
    pub(crate) paper: Signed<Feedback>,
    pub(crate) made_by: String,
    pub(crate) made_at: UnixMillis,
    /// The number of the edition that took its place.
    pub(crate) superseded_by: Option<i64>,
}

/// Adds one, whose number was given in the same transaction.
pub(super) fn insert(row: &FeedbackRow) -> Statement {
    const TEXT: &str = "INSERT INTO feedback_forms (number, code, application, account, paper, digest, made_by, made_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    Statement::new(TEXT)
        .number(row.number)
        .text(&row.code)
        .number(row.application)
        .text(row.paper.paper().system.org_id.as_str())
        .text(&row.paper.to_json())
        .bytes(&row.paper.digest())
        .text(&row.made_by)
        .number(row.made_at.get())
}

/// Every edition of an application before this one is superseded by it.
pub(super) fn supersede(application: i64, by: i64) -> Statement {
    const TEXT: &str = "UPDATE feedback_forms SET superseded_by = $2 \
        WHERE application = $1 AND number < $2 AND superseded_by IS NULL";
    Statement::new(TEXT).number(application).number(by)
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT number, code, application, paper, made_by, made_at, superseded_by FROM feedback_forms ",
            $which
        )
    };
}

/// The form of a code.
pub(super) async fn of_code(
    connection: &mut Connection,
    code: &str,
) -> Result<Option<FeedbackRow>, StoreError> {
    first(connection, Statement::new(select!("WHERE code = $1")).text(code)).await
}

/// The form of a number.
pub(super) async fn one(connection: &mut Connection, number: i64) -> Result<Option<FeedbackRow>, StoreError> {
    first(connection, Statement::new(select!("WHERE number = $1")).number(number)).await
}

/// The newest of an application.
pub(super) async fn newest(
    connection: &mut Connection,
    application: i64,
) -> Result<Option<FeedbackRow>, StoreError> {
    const TEXT: &str = select!("WHERE application = $1 ORDER BY number DESC LIMIT 1");
    first(connection, Statement::new(TEXT).number(application)).await
}

async fn first(connection: &mut Connection, statement: Statement) -> Result<Option<FeedbackRow>, StoreError> {
    let found = connection.fetch(statement).await?;
    found.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()))).transpose()
}

fn read(columns: &mut Columns<'_>) -> Result<FeedbackRow, StoreError> {
    Ok(FeedbackRow {
        number: columns.number()?,
        code: columns.text()?.to_owned(),
        application: columns.number()?,
        paper: {
            let text = columns.text()?;
            Signed::read(text.as_bytes()).map_err(|_| columns.impossible("反馈表不是本程序写的"))?
        },
        made_by: columns.text()?.to_owned(),
        made_at: columns.time()?,
        superseded_by: columns.optional_number()?,
    })
}
