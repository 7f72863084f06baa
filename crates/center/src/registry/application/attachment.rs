//! The papers of an application: added and taken away while its form is open, and kept once it was submitted.
//!
//! A form names its papers, so its digest covers them. What was in a form that was submitted is kept with it, also when the next
//! round does without: whoever asks later what was looked at finds it. What never was submitted goes when it is taken away, and
//! with a draft that ends.

use bytes::Bytes;
use yanmi_onboarding::application::{Actor, Attachment, Calendar, Command, Form};

use super::ApplicationError;
use crate::events::Act;
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::applications::ApplicationRow;
use crate::registry::attachment_parts::{self, SealedPaper};
use crate::registry::{application_forms, application_steps, attachments, version};
use crate::store::StoreError;

/// Papers that may be added to one application over all its rounds, those taken away again among them: they fill the database and
/// the history.
const MAX_ADDED: usize = 40;

impl Administration {
    /// Adds a paper to the form; the same file twice is one.
    ///
    /// # Errors
    /// When it is not his, not the time for it, or there are too many; or when the database fails.
    pub async fn add_attachment(
        &mut self,
        number: i64,
        (attachment, content): (&Attachment, Bytes),
        (who, calendar): (&Actor<'_>, &Calendar),
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let (sealer, digest) = (self.sealer.clone(), *attachment.digest());
        let seal = move || SealedPaper::seal(&sealer, (number, digest), &content);
        // Before the lock that every change takes, and not on a thread that requests wait for.
        let paper = tokio::task::spawn_blocking(seal).await.map_err(|_| ApplicationError::NotKept)?;
        let command = Command::AddFile(attachment);
        let added = self.in_transaction(async |a| {
            version::hold(&mut a.connection).await?;
            let mut row = a.application(number).await?;
            if !row.form.attach(attachment).map_err(ApplicationError::from)? {
                return Ok(());
            }
            let row = a.advance(row, &command, who, calendar, act).await?;
            let added = application_steps::count(&mut a.connection, row.number, command.word()).await?;
            if added > MAX_ADDED {
                return Err(ApplicationError::ManyAdded(MAX_ADDED).into());
            }
            if !attachments::is_kept(&mut a.connection, (number, &digest)).await? {
                let head = attachments::insert((number, attachment), act.actor.as_str(), act.at);
                a.connection.run(head).await?;
                for statement in paper.insert() {
                    a.connection.run(statement).await?;
                }
            }
            Ok(())
        });
        let added = added.await;
        self.note_refused((number, command.word()), act, added).await
    }

    /// Takes a paper away from the form.
    ///
    /// # Errors
    /// When it is not his, not the time for it, or there is none; or when the database fails.
    pub async fn remove_attachment(
        &mut self,
        (number, attachment): (i64, &Attachment),
        (who, calendar): (&Actor<'_>, &Calendar),
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let command = Command::RemoveFile(attachment);
        let removed = self.in_transaction(async |a| {
            version::hold(&mut a.connection).await?;
            let mut row = a.application(number).await?;
            row.form.detach(attachment.digest()).ok_or(ApplicationError::NoAttachment)?;
            a.advance(row, &command, who, calendar, act).await?;
            let unsubmitted = attachments::unsubmitted(&mut a.connection, number).await?;
            if unsubmitted.contains(attachment.digest()) {
                a.erase_attachment(number, attachment.digest()).await?;
            }
            Ok(())
        });
        let removed = removed.await;
        self.note_refused((number, command.word()), act, removed).await
    }

    /// What never was submitted goes with an application that ends; within its transaction.
    pub(super) async fn erase_unsubmitted(&mut self, row: &mut ApplicationRow) -> Result<(), StoreError> {
        for digest in attachments::unsubmitted(&mut self.connection, row.number).await? {
            row.form.detach(&digest);
            self.erase_attachment(row.number, &digest).await?;
        }
        Ok(())
    }

    async fn erase_attachment(&mut self, number: i64, digest: &[u8; 32]) -> Result<(), StoreError> {
        self.connection.run(attachment_parts::remove(number, digest)).await?;
        self.connection.run(attachments::remove(number, digest)).await?;
        Ok(())
    }

    /// A paper of this digest: as its form names it, or the newest that was submitted with it, and what is in it.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn attachment(
        &mut self,
        row: &ApplicationRow,
        digest: [u8; 32],
    ) -> Result<Option<(Attachment, SealedPaper)>, AdministrationError> {
        let named = |form: &Form| form.attachments().iter().find(|known| *known.digest() == digest).cloned();
        let mut found = named(&row.form);
        if found.is_none() {
            let rounds = application_forms::all(&mut self.connection, &self.sealer, row.number).await?;
            found = rounds.iter().find_map(named);
        }
        let Some(attachment) = found else { return Ok(None) };
        let paper = attachment_parts::one(&mut self.connection, (row.number, digest)).await?;
        Ok(paper.map(|paper| (attachment, paper)))
    }
}
