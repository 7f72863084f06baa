//! What waits for a second person: looked at, not agreed to, taken back. Agreeing to it is doing it, with
//! [`Intent::Decide`](crate::events::Intent).

use yanmi_onboarding::Area;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::object::Subject;
use super::pending::{self, Decision, NewPending, PendingRow};
use super::version;
use crate::events::{Act, MAX_REASON, OperatorEvent, Outcome, operator_events};
use crate::store::StoreError;

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
        let event = event(action, &row.object_kind, &row.object, act, "[]".to_owned());
        self.connection.begin().await?;
        let closed = self.close_within(row.id, decision, act, event).await;
        if self.connection.settle(closed).await? { Ok(()) } else { Err(AdministrationError::NotPending) }
    }

    async fn close_within(
        &mut self,
        id: i64,
        decision: Decision,
        act: Act<'_>,
        event: OperatorEvent,
    ) -> Result<bool, StoreError> {
        version::hold(&mut self.connection).await?;
        let closed = pending::close(&mut self.connection, id, decision, act).await?;
        if closed {
            operator_events::append(&mut self.connection, event).await?;
        }
        Ok(closed)
    }

    /// Writes a change down that was tried and undone, for a second person.
    pub(super) async fn propose(
        &mut self,
        new: &NewPending<'_>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        if new.changes == "[]" {
            return Err(AdministrationError::NoChange);
        }
        self.connection.begin().await?;
        let made = self.propose_within(new, act).await;
        if self.connection.settle(made).await? {
            return Ok(());
        }
        let (kind, id) = new.subject.names();
        Err(AdministrationError::Pending { kind, id: id.to_owned() })
    }

    async fn propose_within(&mut self, new: &NewPending<'_>, act: Act<'_>) -> Result<bool, StoreError> {
        version::hold(&mut self.connection).await?;
        let made = pending::insert(&mut self.connection, new, act).await?;
        if made {
            let (kind, object) = (new.subject.kind(), object(new.subject));
            let event = event("pending.propose", kind, &object, act, new.changes.to_owned());
            operator_events::append(&mut self.connection, event).await?;
        }
        Ok(made)
    }
}

fn object(subject: Subject) -> String {
    subject.names().1.to_owned()
}

fn event(action: &str, kind: &str, object: &str, act: Act<'_>, changes: String) -> OperatorEvent {
    OperatorEvent {
        seq: 0,
        at: act.at,
        actor: act.actor.as_str().to_owned(),
        action: action.to_owned(),
        object_kind: kind.to_owned(),
        object: object.to_owned(),
        outcome: Outcome::Done,
        reason: act.reason.chars().take(MAX_REASON).collect(),
        changes,
    }
}
