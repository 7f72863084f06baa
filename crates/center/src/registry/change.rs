//! One change and its event, in one transaction.

use yanmi_onboarding::Area;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::object::{Action, Object, Subject};
use super::pending::{self, NewPending};
use super::{
    account, applicant_users, applicants, channel, institution, institution_contact, operators, version,
};
use crate::events::{self, Act, Fields, Intent, OperatorEvent, Outcome, operator_events};
use crate::store::StoreError;
use crate::store::connection::Statement;

/// What a change is: of what, which, and how.
pub(super) struct Change {
    pub(super) action: Action,
    pub(super) subject: Subject,
    /// What is run, one after the other. The first tells by touching no row that the change cannot be made: what is to be
    /// new is there already, what is to be changed is not there or is closed.
    pub(super) statements: Vec<Statement>,
}

/// What a change came to.
enum Touched {
    /// The row was written; what is different now.
    Row(String),
    /// Nothing: there is one, which was to be new or is closed.
    Occupied,
    /// Nothing: there is none.
    Nothing,
    /// Nothing: what it would decide does not wait any more.
    Decided,
}

impl Touched {
    /// Why nothing was written; nothing when something was.
    fn why_not(&self, action: Action, subject: Subject) -> Option<AdministrationError> {
        let (kind, id) = subject.names();
        Some(match self {
            Self::Row(_) => return None,
            Self::Decided => AdministrationError::NotPending,
            Self::Occupied if matches!(action, Action::Add | Action::Invite) => {
                AdministrationError::Exists { kind, id: id.to_owned() }
            }
            Self::Occupied if matches!(action, Action::LogIn | Action::LogInOidc) => {
                AdministrationError::NotLetIn
            }
            Self::Occupied => AdministrationError::closed(kind, id),
            Self::Nothing => AdministrationError::missing(kind, id),
        })
    }
}

impl Administration {
    /// Makes one change, writes its event and raises the version; a change that touches no row is refused. One that is only
    /// proposed is made and undone, and what it would change is written down.
    pub(super) async fn change(&mut self, act: Act<'_>, change: Change) -> Result<(), AdministrationError> {
        let Change { action, subject, statements } = change;
        self.connection.begin().await?;
        let tried = self.change_within(act, action, subject, statements).await;
        let touched = match (tried, act.intent) {
            (Ok(touched @ Touched::Row(_)), Intent::Do | Intent::Decide(_)) => {
                self.connection.settle(Ok(touched)).await?
            }
            (Ok(touched), _) => {
                self.connection.roll_back().await?;
                touched
            }
            (error, _) => self.connection.settle(error).await?,
        };
        if let Some(error) = touched.why_not(action, subject) {
            return self.refuse(act, action, subject, error).await;
        }
        let (Touched::Row(changes), Intent::Propose { form, place }) = (touched, act.intent) else {
            return Ok(());
        };
        let name = action_name(action, subject);
        self.propose(&NewPending { action: &name, subject, place, form, changes: &changes }, act).await
    }

    /// Makes one change within a transaction that is open, with its event and the version.
    ///
    /// # Errors
    /// When it touches no row; the caller undoes the transaction.
    pub(super) async fn change_inside(
        &mut self,
        act: Act<'_>,
        change: Change,
    ) -> Result<(), AdministrationError> {
        let Change { action, subject, statements } = change;
        let touched = self.change_within(act, action, subject, statements).await?;
        touched.why_not(action, subject).map_or(Ok(()), Err)
    }

    /// Runs some work in one transaction: all of it is done, or nothing.
    pub(super) async fn in_transaction<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, AdministrationError>,
    ) -> Result<T, AdministrationError> {
        self.connection.begin().await?;
        match work(self).await {
            Ok(done) => Ok(self.connection.settle(Ok(done)).await?),
            Err(AdministrationError::Store(error)) => Ok(self.connection.settle(Err(error)).await?),
            Err(why) => {
                self.connection.roll_back().await?;
                Err(why)
            }
        }
    }

    /// Changes columns of one row, and runs statements that go with it.
    pub(super) async fn assign(
        &mut self,
        subject: Subject,
        action: Action,
        set: Assignments,
        more: Vec<Statement>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let statements = std::iter::once(set.of(subject, act.at)).chain(more).collect();
        self.change(act, Change { action, subject, statements }).await
    }

    async fn change_within(
        &mut self,
        act: Act<'_>,
        action: Action,
        subject: Subject,
        statements: Vec<Statement>,
    ) -> Result<Touched, StoreError> {
        // First, because it is what keeps others from the chain.
        version::raise(&mut self.connection).await?;
        if let Intent::Decide(id) = act.intent
            && !pending::decide(&mut self.connection, id, subject, act).await?
        {
            return Ok(Touched::Decided);
        }
        let before = self.fields(subject).await?;
        for (at, statement) in statements.into_iter().enumerate() {
            let rows = self.connection.run(statement).await?;
            if at == 0 && rows == 0 {
                return Ok(if before.is_some() { Touched::Occupied } else { Touched::Nothing });
            }
        }
        let after = self.fields(subject).await?;
        let changes = events::difference(before.as_ref(), after.as_ref());
        let event = new_event(act, action, subject, Outcome::Done, changes.clone());
        let event = event.in_region(place(before.as_ref(), after.as_ref()));
        operator_events::append(&mut self.connection, event).await?;
        Ok(Touched::Row(changes))
    }

    /// Writes down that something was refused, in a transaction of its own, and refuses it.
    pub(super) async fn refuse<T>(
        &mut self,
        act: Act<'_>,
        action: Action,
        subject: Subject,
        why: AdministrationError,
    ) -> Result<T, AdministrationError> {
        let event = new_event(act, action, subject, Outcome::Refused, events::refusal(&why));
        let known = self.fields(subject).await?;
        let event = event.in_region(place(known.as_ref(), None).or(match subject {
            Subject::Entry(Object::Institution(code)) => Some(Area::of_code(&code)),
            _ => None,
        }));
        self.note(event).await?;
        Err(why)
    }

    /// Writes an event down that changes nothing, in a transaction of its own.
    pub(super) async fn note(&mut self, event: OperatorEvent) -> Result<(), StoreError> {
        self.connection.begin().await?;
        let noted = match version::hold(&mut self.connection).await {
            Ok(()) => operator_events::append(&mut self.connection, event).await,
            Err(error) => Err(error),
        };
        self.connection.settle(noted).await
    }

    /// Runs a statement about something that is no entry of the registry, and writes its event down, in one transaction. Whether
    /// it touched a row; without that there is no event.
    pub(super) async fn run_noted(
        &mut self,
        statement: Statement,
        event: OperatorEvent,
    ) -> Result<bool, StoreError> {
        self.connection.begin().await?;
        let noted = self.run_noted_within(statement, event).await;
        self.connection.settle(noted).await
    }

    async fn run_noted_within(
        &mut self,
        statement: Statement,
        event: OperatorEvent,
    ) -> Result<bool, StoreError> {
        version::hold(&mut self.connection).await?;
        let touched = self.connection.run(statement).await? == 1;
        if touched {
            operator_events::append(&mut self.connection, event).await?;
        }
        Ok(touched)
    }

    async fn fields(&mut self, subject: Subject) -> Result<Option<Fields>, StoreError> {
        let (connection, sealer) = (&mut self.connection, &self.sealer);
        Ok(match subject {
            Subject::Entry(Object::Account(id)) => {
                account::one(connection, sealer, &id).await?.map(|row| row.fields())
            }
            Subject::Entry(Object::Institution(code)) => {
                let Some(row) = institution::one(connection, &code).await? else { return Ok(None) };
                let contact = institution_contact::one(connection, sealer, &code).await?;
                Some(row.fields(&contact))
            }
            Subject::Entry(Object::Channel(id)) => {
                channel::one(connection, sealer, &id).await?.map(|row| row.fields())
            }
            Subject::Operator(login) => operators::one(connection, &login).await?.map(|row| row.fields()),
            Subject::Applicant(code) => applicants::one(connection, &code).await?.map(|row| row.fields()),
            Subject::ApplicantUser(login) => {
                applicant_users::one(connection, sealer, &login).await?.map(|row| row.fields())
            }
        })
    }
}

/// Where something is by its fields: of what moves the smallest area that has both places, so that who watches one of them sees
/// what he may and nothing else.
fn place(before: Option<&Fields>, after: Option<&Fields>) -> Option<Area> {
    let region = |fields: Option<&Fields>| Area::new(fields?.shown("region")?).ok();
    match (region(before), region(after)) {
        (Some(before), Some(after)) => before.joined(&after),
        (before, after) => before.or(after),
    }
}

/// An event that has its number only when it is written.
pub(super) fn new_event(
    act: Act<'_>,
    action: Action,
    subject: Subject,
    outcome: Outcome,
    changes: String,
) -> OperatorEvent {
    let (_, id) = subject.names();
    OperatorEvent::new(act, action_name(action, subject), (subject.kind(), id), outcome, changes)
}

/// `account.add`.
fn action_name(action: Action, subject: Subject) -> String {
    format!("{}.{}", subject.kind(), action.word())
}
