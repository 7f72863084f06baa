//! Applications, stored: each step of `yanmi_onboarding::application` in one transaction with everything that follows from it.
//!
//! The rules are pure and elsewhere; what is here loads an application, gives a command to the rules, and writes what comes
//! of it: the application, the form of the round, the step that everybody reads, the event, and what the step
//! does to the registry (an account with its key, pairs of account and institution, switching, closing).
//!
//! # One lock
//!
//! Every transaction here begins by holding the row of `site`, as every change of the registry does. So of two persons who decide
//! at once the second finds what the first has decided, and is told by the rules. An application that goes live and the account it
//! goes live with are one transaction: a process that is killed leaves both or neither.

mod attachment;
mod carry_out;
mod draft;
mod error;
mod faults;
mod feedback;
mod issue;
mod lapse;
mod step;
mod test_centers;

pub(crate) use draft::round_of;
pub use error::ApplicationError;
pub(crate) use feedback::FeedbackTerms;
pub use feedback::FeedbackTermsError;
pub use issue::IssuedKeyOffer;
pub(crate) use test_centers::{TestCenters, signed_run};

use yanmi_onboarding::application::{Application, Form};
use yanmi_onboarding::{Area, Grant};
use yanmi_papers::ApplicationNo;
use yanmi_protocol::{Region, UnixMillis};

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::application_forms;
use super::application_steps::{self, ApplicationStep};
use super::applications::{self, ApplicationFilter, ApplicationRow, ListedApplication};
use crate::events::{self, Act, NO_CHANGES, OperatorEvent, Outcome, operator_events};
use crate::store::StoreError;

/// The kind of object that events of applications are about.
const APPLICATION: &str = "application";

/// The number of an application as people read it: of the province it is in and the year it was filed.
pub(crate) fn application_no(
    application: &Application,
    number: i64,
    made_at: UnixMillis,
) -> Option<ApplicationNo> {
    let province = application.place().as_str().get(..2)?;
    let region = Region::new(&format!("{province}0000")).ok()?;
    ApplicationNo::new(region, year_of(made_at), u32::try_from(number).ok()?)
}

/// The year of a moment in Asia/Shanghai.
fn year_of(at: UnixMillis) -> u16 {
    u16::try_from(at.shanghai_day() / 10_000).unwrap_or_default()
}

impl ApplicationRow {
    /// The number as people read it.
    pub(crate) fn code(&self) -> String {
        code(&self.application, self.number, self.made_at)
    }
}

impl ListedApplication {
    /// The number as people read it.
    pub(crate) fn code(&self) -> String {
        code(&self.application, self.number, self.made_at)
    }
}

fn code(application: &Application, number: i64, made_at: UnixMillis) -> String {
    application_no(application, number, made_at).map_or_else(|| number.to_string(), |no| no.to_string())
}

fn application_event(
    act: Act<'_>,
    number: i64,
    word: &str,
    outcome: Outcome,
    changes: String,
) -> OperatorEvent {
    let object = number.to_string();
    OperatorEvent::new(act, format!("{APPLICATION}.{word}"), (APPLICATION, &object), outcome, changes)
}

impl Administration {
    /// One application.
    ///
    /// # Errors
    /// [`ApplicationError::Missing`], or when the database fails.
    pub(crate) async fn application(&mut self, number: i64) -> Result<ApplicationRow, AdministrationError> {
        let found = applications::one(&mut self.connection, &self.sealer, number).await?;
        found.ok_or_else(|| ApplicationError::Missing(number).into())
    }

    /// What was done with an application, the first first.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn application_steps(
        &mut self,
        number: i64,
    ) -> Result<Vec<ApplicationStep>, AdministrationError> {
        Ok(application_steps::of(&mut self.connection, number).await?)
    }

    /// What was submitted in a round.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn application_form(
        &mut self,
        number: i64,
        round: u8,
    ) -> Result<Option<Form>, AdministrationError> {
        Ok(application_forms::one(&mut self.connection, &self.sealer, (number, round)).await?)
    }

    /// Whether there is any application.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_applications(&mut self) -> Result<bool, AdministrationError> {
        Ok(applications::TABLE.next_number(&mut self.connection).await? > 1)
    }

    /// So many before a number, the newest first, in these areas or filed by this person.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn applications_in(
        &mut self,
        filter: ApplicationFilter,
        (areas, own): (&[Area], &str),
        before: i64,
        count: usize,
    ) -> Result<Vec<ListedApplication>, AdministrationError> {
        Ok(applications::page(&mut self.connection, filter, (areas, own), before, count).await?)
    }

    /// So many that wait for somebody with these grants, what is due first, and his own drafts.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn applications_at_desk(
        &mut self,
        grants: &[Grant],
        own: &str,
        count: usize,
    ) -> Result<Vec<ListedApplication>, AdministrationError> {
        Ok(applications::at_desk(&mut self.connection, grants, own, count).await?)
    }

    /// One of an applicant's; nothing for another's.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn application_of(
        &mut self,
        applicant: i64,
        number: i64,
    ) -> Result<Option<ApplicationRow>, AdministrationError> {
        Ok(applications::of_applicant(&mut self.connection, &self.sealer, (applicant, number)).await?)
    }

    /// So many of an applicant's, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn applications_of(
        &mut self,
        applicant: i64,
        count: usize,
    ) -> Result<Vec<ListedApplication>, AdministrationError> {
        Ok(applications::all_of_applicant(&mut self.connection, applicant, count).await?)
    }

    /// The key as it was made out to the applicant's public key, a file to be handed to him.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn application_offer(
        &mut self,
        number: i64,
    ) -> Result<Option<String>, AdministrationError> {
        Ok(applications::offer(&mut self.connection, number).await?)
    }

    /// Writes down that something was refused, unless it failed for another reason or was done.
    async fn note_refused<T>(
        &mut self,
        (number, word): (i64, &str),
        act: Act<'_>,
        done: Result<T, AdministrationError>,
    ) -> Result<T, AdministrationError> {
        if let Err(why) = &done
            && !matches!(why, AdministrationError::Store(_))
        {
            let event = application_event(act, number, word, Outcome::Refused, events::refusal(why));
            let place = applications::place(&mut self.connection, number).await?;
            self.note(event.in_region(place)).await?;
        }
        done
    }

    /// The event of what was done, within its transaction.
    async fn note_done(&mut self, (number, word): (i64, &str), act: Act<'_>) -> Result<(), StoreError> {
        let event = application_event(act, number, word, Outcome::Done, NO_CHANGES.to_owned());
        let place = applications::place(&mut self.connection, number).await?;
        operator_events::append(&mut self.connection, event.in_region(place)).await
    }
}
