//! Who has which grants, and whether he uses them: for who says anew that he is to have them.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::login::Login;
use super::operators::{self, OperatorRow};
use crate::events::operator_events;

/// In which time acts are counted.
const QUARTER: Duration = Duration::from_hours(24 * 92);

/// An operator with grants, and how much he did in the last three months.
#[derive(Clone, Debug)]
pub(crate) struct AttestationRow {
    pub(crate) operator: OperatorRow,
    pub(crate) acts: u64,
}

impl Administration {
    /// So many operators with grants after a login.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn attestation(
        &mut self,
        after: Option<Login>,
        count: usize,
        now: UnixMillis,
    ) -> Result<Vec<AttestationRow>, AdministrationError> {
        let all = operators::all(&mut self.connection).await?;
        let has =
            |row: &OperatorRow| row.closed_at.is_none() && !row.grants.is_empty() && Some(row.login) > after;
        let mut rows = Vec::new();
        for operator in all.into_iter().filter(has).take(count) {
            let since = now.minus(QUARTER);
            let acts =
                operator_events::count_all(&mut self.connection, operator.login.as_str(), since).await?;
            rows.push(AttestationRow { operator, acts });
        }
        Ok(rows)
    }
}
