//! One change and its event, in one transaction.

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::event::{self, Act, Fields, MAX_REASON, OperatorEvent, Outcome};
use super::object::Object;
use super::{account, channel, institution, operator_events, version};
use crate::store::StoreError;
use crate::store::connection::Statement;

/// What a statement did to the row it was about.
enum Touched {
    /// It was written.
    Row,
    /// Nothing: it is there already, and was to be new.
    Occupied,
    /// Nothing: there is none.
    Nothing,
}

impl Administration {
    /// Runs one change, writes its event and raises the version; a change that touches no row is refused.
    pub(super) async fn change(
        &mut self,
        act: Act<'_>,
        action: &'static str,
        object: Object,
        statement: Statement,
    ) -> Result<(), AdministrationError> {
        self.connection.begin().await?;
        let touched = match self.change_within(act, action, object, statement).await {
            Ok(nothing @ (Touched::Occupied | Touched::Nothing)) => {
                self.connection.roll_back().await?;
                nothing
            }
            touched => self.connection.settle(touched).await?,
        };
        let (_, kind, id) = object.names();
        let error = match touched {
            Touched::Row => return Ok(()),
            Touched::Occupied => AdministrationError::Exists { kind, id: id.to_owned() },
            Touched::Nothing => AdministrationError::missing(kind, id),
        };
        self.note_refusal(act, action, object, &error).await?;
        Err(error)
    }

    async fn change_within(
        &mut self,
        act: Act<'_>,
        action: &'static str,
        object: Object,
        statement: Statement,
    ) -> Result<Touched, StoreError> {
        // First, because it is what keeps others from the chain.
        version::raise(&mut self.connection).await?;
        let before = self.fields(object).await?;
        if self.connection.run(statement).await? == 0 {
            return Ok(if before.is_some() { Touched::Occupied } else { Touched::Nothing });
        }
        let after = self.fields(object).await?;
        let changes = event::difference(before.as_ref(), after.as_ref());
        operator_events::append(&mut self.connection, new_event(act, action, object, Outcome::Done, changes))
            .await?;
        Ok(Touched::Row)
    }

    /// Writes down that something was refused, in a transaction of its own.
    pub(super) async fn note_refusal(
        &mut self,
        act: Act<'_>,
        action: &'static str,
        object: Object,
        why: &AdministrationError,
    ) -> Result<(), AdministrationError> {
        let event = new_event(act, action, object, Outcome::Refused, event::refusal(why));
        self.connection.begin().await?;
        let noted = match version::hold(&mut self.connection).await {
            Ok(()) => operator_events::append(&mut self.connection, event).await,
            Err(error) => Err(error),
        };
        Ok(self.connection.settle(noted).await?)
    }

    async fn fields(&mut self, object: Object) -> Result<Option<Fields>, StoreError> {
        let (connection, sealer) = (&mut self.connection, &self.sealer);
        Ok(match object {
            Object::Account(id) => account::one(connection, sealer, &id).await?.map(|row| row.fields()),
            Object::Institution(code) => institution::one(connection, &code).await?.map(|row| row.fields()),
            Object::Channel(id) => channel::one(connection, sealer, &id).await?.map(|row| row.fields()),
        })
    }
}

/// An event that has its number only when it is written.
fn new_event(
    act: Act<'_>,
    action: &'static str,
    object: Object,
    outcome: Outcome,
    changes: String,
) -> OperatorEvent {
    let (kind, _, id) = object.names();
    OperatorEvent {
        seq: 0,
        at: act.at,
        actor: act.actor.as_str().to_owned(),
        action: action.to_owned(),
        object_kind: kind.to_owned(),
        object: id.to_owned(),
        outcome,
        reason: act.reason.chars().take(MAX_REASON).collect(),
        changes,
    }
}
