//! `attachments`: which papers an application has or had. What they are called is in its forms; what is in them in `attachment_parts`.

use yanmi_onboarding::application::Attachment;
use yanmi_protocol::UnixMillis;

use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::{Columns, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "attachments (application, digest, size, added_by, added_at, round)",
    &[Number, Bytes, Number, Text, Number, Number],
    2,
);

/// Adds one.
pub(super) fn insert(
    (application, attachment): (i64, &Attachment),
    added_by: &str,
    at: UnixMillis,
) -> Statement {
    const TEXT: &str =
        "INSERT INTO attachments (application, digest, size, added_by, added_at) VALUES ($1, $2, $3, $4, $5)";
    Statement::new(TEXT)
        .number(application)
        .bytes(attachment.digest())
        .number(signed(attachment.size() as u64))
        .text(added_by)
        .number(at.get())
}

/// Whether it is there, submitted or not.
pub(super) async fn is_kept(
    connection: &mut Connection,
    (application, digest): (i64, &[u8; 32]),
) -> Result<bool, StoreError> {
    const TEXT: &str = "SELECT size FROM attachments WHERE application = $1 AND digest = $2";
    let found = connection.fetch(Statement::new(TEXT).number(application).bytes(digest)).await?;
    Ok(found.len() > 0)
}

/// Those that were in no form that was submitted.
pub(super) async fn unsubmitted(
    connection: &mut Connection,
    application: i64,
) -> Result<Vec<[u8; 32]>, StoreError> {
    const TEXT: &str =
        "SELECT digest FROM attachments WHERE application = $1 AND round IS NULL ORDER BY digest";
    let found = connection.fetch(Statement::new(TEXT).number(application)).await?;
    let read = |columns: &mut Columns<'_>| {
        let digest = columns.bytes()?.try_into();
        digest.map_err(|_| columns.impossible("附件摘要的长度不对"))
    };
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

/// Keeps for good what is submitted in this round.
pub(super) fn keep(application: i64, round: u8) -> Statement {
    const TEXT: &str = "UPDATE attachments SET round = $2 WHERE application = $1 AND round IS NULL";
    Statement::new(TEXT).number(application).number(i64::from(round))
}

/// Removes one whose parts are gone.
pub(super) fn remove(application: i64, digest: &[u8; 32]) -> Statement {
    const TEXT: &str = "DELETE FROM attachments WHERE application = $1 AND digest = $2";
    Statement::new(TEXT).number(application).bytes(digest)
}
