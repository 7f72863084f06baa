//! Looking after alarms: taken by somebody, closed for a reason; each is an event.

use yanmi_onboarding::{Area, Observation};
use yanmi_protocol::UnixMillis;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::alarms::{self, AlarmFilter, AlarmRow, Finding};
use super::key_offers::KeyOfferRow;
use crate::events::{Act, NO_CHANGES, OperatorEvent, Outcome};
use crate::store::connection::Statement;

impl Administration {
    /// So many alarms before a number, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn alarms(
        &mut self,
        filter: &AlarmFilter,
        before: i64,
        count: usize,
    ) -> Result<Vec<AlarmRow>, AdministrationError> {
        Ok(alarms::page(&mut self.connection, filter, before, count).await?)
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn count_alarms(&mut self, filter: &AlarmFilter) -> Result<i64, AdministrationError> {
        Ok(alarms::count(&mut self.connection, filter).await?)
    }

    /// How many are open that were found before this time and not told outside of the console.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn count_untold_alarms(
        &mut self,
        before: UnixMillis,
    ) -> Result<i64, AdministrationError> {
        Ok(alarms::count_untold(&mut self.connection, before).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn alarm(&mut self, number: i64) -> Result<Option<AlarmRow>, AdministrationError> {
        Ok(alarms::one(&mut self.connection, number).await?)
    }

    /// Makes whoever acts the one who looks after it.
    ///
    /// # Errors
    /// [`AdministrationError::AlarmClosed`], or when the database fails.
    pub(crate) async fn take_alarm(
        &mut self,
        row: &AlarmRow,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.handle_alarm(row, "take", alarms::take(row.number, act), act).await
    }

    /// Closes it.
    ///
    /// # Errors
    /// As of [`Self::take_alarm`].
    pub(crate) async fn close_alarm(
        &mut self,
        row: &AlarmRow,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.handle_alarm(row, "close", alarms::close(row.number, act), act).await
    }

    async fn handle_alarm(
        &mut self,
        row: &AlarmRow,
        word: &str,
        statement: Statement,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let object = row.number.to_string();
        let event =
            OperatorEvent::new(act, format!("alarm.{word}"), ("alarm", &object), Outcome::Done, NO_CHANGES);
        let done = self.run_noted(statement, event.in_region(Some(row.finding.region))).await?;
        if done { Ok(()) } else { Err(AdministrationError::AlarmClosed) }
    }

    /// The link of a key was opened: an alarm, where that was after the key was taken and by somebody else.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn note_opening(
        &mut self,
        row: &KeyOfferRow,
        opened_from: &str,
        (province, now): (Area, UnixMillis),
    ) -> Result<(), AdministrationError> {
        let Some((at, from)) = &row.taken else { return Ok(()) };
        let seen = Observation::KeyOpened {
            taken_at: at.shanghai_text(),
            taken_from: from.clone(),
            opened_from: opened_from.to_owned(),
        };
        let Some(alarm) = seen.judge() else { return Ok(()) };
        let finding = Finding { alarm, object: row.account.as_str().to_owned(), region: province };
        Ok(alarms::raise_alone(&mut self.connection, &[finding], now).await?)
    }
}
