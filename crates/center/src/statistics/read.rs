//! Reading what is counted from the audit.

use yanmi_protocol::{EcToken, OrgCode};
use yanmi_verification::Event;

use super::count::CountedEvent;
use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;

/// Hands out the events of these keys, in their order.
pub(super) async fn each(
    connection: &mut Connection,
    first: i64,
    behind: i64,
    mut take: impl FnMut(&CountedEvent<'_>),
) -> Result<(), StoreError> {
    const TEXT: &str = "SELECT at, event, token, org_code, channel, amount FROM audit \
        WHERE id >= $1 AND id < $2 AND org_code IS NOT NULL ORDER BY id";
    let found = connection.fetch(Statement::new(TEXT).number(first).number(behind)).await?;
    for row in found.iter() {
        let mut columns = Columns::new(row, "audit");
        let at = columns.time()?;
        let event = Event::of_code(columns.text()?);
        let token = columns.optional_text()?.and_then(|token| EcToken::new(token).ok());
        let org_code = columns.optional_text()?.and_then(|code| OrgCode::new(code).ok());
        let channel = columns.optional_text()?.unwrap_or_default();
        let amount = columns.optional_number()?.unwrap_or_default();
        // What a newer version wrote is left out.
        if let (Some(event), Some(org_code)) = (event, org_code) {
            take(&CountedEvent { at, event, token, org_code, channel, amount });
        }
    }
    Ok(())
}
