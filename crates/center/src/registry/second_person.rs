//! What waits for a second person: looked at, not agreed to, taken back. Agreeing to it is doing it, with
//! [`Intent::Decide`](crate::events::Intent).

use yanmi_onboarding::Area;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::pending::{self, Decision, NewPending, PendingRow};
use crate::events::{Act, NO_CHANGES, OperatorEvent, Outcome};

impl Administration {
    /// One change that waits, or waited.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn pending(&mut self, id: i64) -> Result<Option<PendingRow>, AdministrationError> {
        Ok(pending::one(&mut self.connection, id).await?)
    }

    /// So many before a number, the newest first, in these areas or proposed by this person.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn pending_in(
        &mut self,
        areas: &[Area],
        made_by: &str,
        before: i64,
        count: usize,
    ) -> Result<Vec<PendingRow>, AdministrationError> {
        Ok(pending::page(&mut self.connection, areas, made_by, before, count).await?)
    }

    /// Closes one that is not done, which is an event.
    ///
    /// # Errors
    /// [`AdministrationError::NotPending`] when it was decided meanwhile, or has lapsed.
    pub(crate) async fn close_pending(
        &mut self,
        row: &PendingRow,
        decision: Decision,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let action = if decision == Decision::Withdrawn { "pending.withdraw" } else { "pending.refuse" };
        let object = (row.object_kind.as_str(), row.object.as_str());
        let event = OperatorEvent::new(act, action, object, Outcome::Done, NO_CHANGES);
        let event = event.in_region(Some(row.region));
        let closed = self.run_noted(pending::close(row.id, decision, act), event).await?;
        if closed { Ok(()) } else { Err(AdministrationError::NotPending) }
    }

    /// Writes a change down that was tried and undone, for a second person.
    pub(super) async fn propose(
        &mut self,
        new: &NewPending<'_>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        if new.changes == NO_CHANGES {
            return Err(AdministrationError::NoChange);
        }
        let (kind, id) = new.subject.names();
        let object = (new.subject.kind(), id);
        let event = OperatorEvent::new(act, "pending.propose", object, Outcome::Done, new.changes);
        let event = event.in_region(Some(new.place));
        let made = self.run_noted(pending::insert(new, act), event).await?;
        if made { Ok(()) } else { Err(AdministrationError::Pending { kind, id: id.to_owned() }) }
    }
}
