//! One step of an application.

use yanmi_onboarding::Level;
use yanmi_onboarding::Role;
use yanmi_onboarding::application::{
    Actor, Application, Calendar, Circumstances, Command, Refused, Sight, State,
};
use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};

use super::ApplicationError;
use crate::events::{Act, Actor as EventActor, MAX_REASON};
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::application_steps::{self, NewStep};
use crate::registry::applications::{self, ApplicationRow};
use crate::registry::{operators, version};
use crate::store::StoreError;

/// Characters of what a step says: the longest opinion, with a ground before it.
const MAX_SAID: usize = 600;
/// Whoever does what nobody else does.
static CENTER: EventActor = EventActor::program("center");

impl Administration {
    /// Gives a command about an application, with everything that follows from it.
    ///
    /// # Errors
    /// When the rules refuse it, which is an event, or the database fails; then nothing is done.
    pub async fn step_application(
        &mut self,
        number: i64,
        command: &Command<'_>,
        who: &Actor<'_>,
        calendar: &Calendar,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let stepped = self.in_transaction(async |a| {
            version::hold(&mut a.connection).await?;
            let row = a.application(number).await?;
            a.advance(row, command, who, calendar, act).await.map(|_| ())
        });
        let stepped = stepped.await;
        self.note_refused((number, command.word()), act, stepped).await
    }

    /// A step within a transaction that holds the row of `site`; the application as it is then.
    pub(super) async fn advance(
        &mut self,
        row: ApplicationRow,
        command: &Command<'_>,
        who: &Actor<'_>,
        calendar: &Calendar,
        act: Act<'_>,
    ) -> Result<ApplicationRow, AdministrationError> {
        self.advance_with(row, command, (who, calendar), None, act).await
    }

    /// The same, with the key of the account that the step makes.
    pub(super) async fn advance_with(
        &mut self,
        mut row: ApplicationRow,
        command: &Command<'_>,
        (who, calendar): (&Actor<'_>, &Calendar),
        key: Option<&Sm4Key>,
        act: Act<'_>,
    ) -> Result<ApplicationRow, AdministrationError> {
        let staffed = match command {
            Command::Skip => self.is_staffed(&row.application, act.at).await?,
            _ => true,
        };
        let world = Circumstances { calendar, staffed };
        let (next, effects) = row.application.step(command, who, &world, act.at)?;
        if let Command::Submit(form) = command {
            self.check_submission(&mut row, form).await?;
        }
        let from = row.application.state().word();
        row.application = next;
        row.due = row.application.due(calendar);
        row.changed_at = act.at;
        if matches!(row.application.state(), State::Withdrawn { .. }) {
            self.erase_unsubmitted(&mut row).await?;
        }
        self.connection.run(applications::put(&row, &self.sealer)).await?;
        for effect in &effects {
            self.carry_out(&row, effect, key, act).await?;
        }
        self.note_step(&row, command, from, act).await?;
        Ok(row)
    }

    /// What is submitted fits to what is registered, and nothing else is under way for the same.
    async fn check_submission(
        &mut self,
        row: &mut ApplicationRow,
        form: &yanmi_onboarding::application::Form,
    ) -> Result<(), AdministrationError> {
        let number = super::application_no(&row.application, row.number, row.made_at);
        let faults = self.form_faults(row.application.kind(), form, number).await?;
        if !faults.is_empty() {
            return Err(Refused::Faulty(faults).into());
        }
        // Somebody has added a paper or taken one away since the form was shown.
        if form.attachments() != row.form.attachments() {
            return Err(Refused::Stale.into());
        }
        row.form = form.clone();
        match applications::same(&mut self.connection, row).await? {
            Some(first) => {
                let first = self.application(first).await?;
                Err(ApplicationError::UnderWay(first.code()).into())
            }
            None => Ok(()),
        }
    }

    async fn note_step(
        &mut self,
        row: &ApplicationRow,
        command: &Command<'_>,
        from: &str,
        act: Act<'_>,
    ) -> Result<(), StoreError> {
        let said: String = command.said().chars().take(MAX_SAID).collect();
        // Who works on it just now, and what is not submitted yet, is nobody's history.
        let is_told = !matches!(command, Command::Save | Command::Claim | Command::Release);
        if is_told {
            let step = NewStep {
                application: row.number,
                at: act.at,
                actor: act.actor.as_str(),
                action: command.word(),
                from,
                to: row.application.state().word(),
                said: &said,
            };
            self.connection.run(application_steps::insert(&step)).await?;
        }
        let reason: String = said.chars().take(MAX_REASON).collect();
        let reason = if reason.is_empty() { act.reason } else { &reason };
        self.note_done((row.number, command.word()), Act { reason, ..act }).await
    }

    /// Whether a clerk and another reviewer work at the level an application waits at, in reach of it.
    pub(super) async fn is_staffed(
        &mut self,
        application: &Application,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        let State::InReview(review) = application.state() else { return Ok(true) };
        let level: Level = review.desk.level;
        let all = operators::all(&mut self.connection).await?;
        let active: Vec<_> = all.iter().filter(|row| row.closed_at.is_none() && !row.is_idle(now)).collect();
        let is_one = |row: &operators::OperatorRow, role: Role| {
            row.rights().iter().any(|grant| {
                grant.role == role
                    && grant.holds(now)
                    && grant.area.level() == level
                    && grant.area.covers(application.place())
            })
        };
        let mut clerks = active.iter().filter(|row| is_one(row, Role::Clerk));
        Ok(clerks.any(|clerk| {
            active.iter().any(|other| other.login != clerk.login && is_one(other, Role::Reviewer))
        }))
    }

    /// The key of an account was fetched: its application, if it came from one, knows. Within a transaction.
    pub(in crate::registry) async fn note_taken_key(
        &mut self,
        account: &AccountId,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let Some(number) = applications::of_account(&mut self.connection, account.as_str()).await? else {
            return Ok(());
        };
        let act = Act::new(&CENTER, "", now);
        let Some(row) = applications::one(&mut self.connection, &self.sealer, number).await? else {
            return Ok(());
        };
        match self.advance(row, &Command::Take, &Actor::Center, &Calendar::default(), act).await {
            Err(AdministrationError::Store(error)) => Err(error),
            // A key that was offered anew is none of the application's business.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// A key of an account opened an envelope: its application, if it came from one, knows.
    pub(in crate::registry) async fn note_used_key(
        &mut self,
        account: &AccountId,
        kcv: &str,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let Some(number) = applications::of_account(&mut self.connection, account.as_str()).await? else {
            return Ok(());
        };
        let told = self.in_transaction(async |a| {
            version::hold(&mut a.connection).await?;
            let row = a.application(number).await?;
            if !matches!(row.application.state(), State::Live(live) if live.key.kcv.to_string() == kcv) {
                return Ok(());
            }
            let (act, see) = (Act::new(&CENTER, "", now), Command::See(Sight::Opened));
            a.advance(row, &see, &Actor::Center, &Calendar::default(), act).await.map(|_| ())
        });
        match told.await {
            Err(AdministrationError::Store(error)) => Err(error.into()),
            // It is not live any more.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
