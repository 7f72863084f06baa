//! Beginning an application, and filling its form in.

use yanmi_onboarding::Area;
use yanmi_onboarding::application::{
    Actor, Application, Calendar, Command, Field, Form, FormDigest, Kind, State,
};

use super::ApplicationError;
use crate::events::Act;
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::applications::{self, ApplicationRow};
use crate::registry::version;

impl Administration {
    /// Begins an application; its number. The region of the form says where it is.
    ///
    /// # Errors
    /// [`ApplicationError::Place`], or when the database fails.
    pub async fn begin_application(
        &mut self,
        (kind, form, several): (Kind, &Form, bool),
        who: &Actor<'_>,
        act: Act<'_>,
    ) -> Result<i64, AdministrationError> {
        let place = form.text(Field::Region).and_then(|text| Area::new(text).ok());
        let filer = who.person().ok_or(ApplicationError::Place)?;
        let begun =
            place.and_then(|place| Application::draft(kind, place, several, filer, Vec::new(), act.at));
        let application = begun.ok_or(ApplicationError::Place)?;
        self.in_transaction(async |a| {
            version::hold(&mut a.connection).await?;
            let row = ApplicationRow {
                number: applications::TABLE.next_number(&mut a.connection).await?,
                application,
                form: form.clone(),
                made_by: act.actor.as_str().to_owned(),
                made_at: act.at,
                due: None,
                changed_at: act.at,
            };
            a.connection.run(applications::put(&row, &a.sealer)).await?;
            a.note_done((row.number, "begin"), act).await?;
            Ok(row.number)
        })
        .await
    }

    /// Keeps the form as it is filled in by now. `seen` is the digest of the form that was shown to whoever filled it in: what
    /// somebody else has saved meanwhile is not overwritten.
    ///
    /// # Errors
    /// When it is not his, or not the time for it, or another form is there by now.
    pub(crate) async fn save_application(
        &mut self,
        (number, form, seen): (i64, &Form, FormDigest),
        who: &Actor<'_>,
        calendar: &Calendar,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let saved = self.in_transaction(async |a| {
            version::hold(&mut a.connection).await?;
            let mut row = a.application(number).await?;
            if row.form.digest() != seen {
                return Err(yanmi_onboarding::application::Refused::Stale.into());
            }
            // The place decides the way up: it stays what it was begun with.
            row.form = form.with_attachments_of(&row.form);
            row.form.set(Field::Region, row.application.place().as_str());
            a.advance(row, &Command::Save, who, calendar, act).await.map(|_| ())
        });
        let saved = saved.await;
        self.note_refused((number, Command::Save.word()), act, saved).await
    }
}

/// The round of the form that counts; nothing before the first was submitted.
pub(crate) fn round_of(state: &State) -> Option<u8> {
    match state {
        State::InReview(review) => Some(review.round),
        State::Returned { round, .. } => Some(*round),
        _ => None,
    }
}
