//! Keeping what a table would change.

use std::time::Duration;

use yanmi_onboarding::import::needs_second;
use yanmi_onboarding::{Area, PresentAccount};
use yanmi_protocol::UnixMillis;

use super::compare::{Comparison, RegisteredEntries};
use super::{ImportError, import_event, told};
use crate::events::{Act, Outcome, operator_events};
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::import_rows::{self, ImportLine, LineKind, LineOutcome};
use crate::registry::imports::{self, ImportRecord, ImportState};
use crate::registry::institution_contact;
use crate::registry::version;
use crate::store::StoreError;
use crate::store::connection::Statement;

/// Imports of a site that wait or run at the same time.
const MOST_OPEN: usize = 3;
/// Rows that are kept in one transaction.
const KEPT_AT_ONCE: usize = 100;
/// Characters of a file's name.
const MAX_FILE_NAME: usize = 120;
/// A check that was not finished within this never will be.
const READ_WITHIN: Duration = Duration::from_mins(10);
/// How long rows are kept: after an import was done or undone, or while nobody has it done.
pub(super) const KEPT: Duration = Duration::from_hours(30 * 24);
/// Rows that are removed in one transaction.
const REMOVED_AT_ONCE: usize = 200;

/// A file that somebody brought.
#[derive(Clone, Debug)]
pub struct ImportFile {
    /// What it is called there.
    pub name: String,
    /// SM3 of it.
    pub digest: [u8; 32],
    /// Where it is, as far as the table itself does not say so.
    pub place: Area,
    /// Whether whoever brought it may edit entries by himself.
    pub may_edit: bool,
}

impl Administration {
    /// What is registered, for a comparison. Whom to call is opened there, of the institutions that a table is about.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import_ground(&mut self) -> Result<RegisteredEntries, AdministrationError> {
        let institutions = self.institutions().await?.into_iter().map(|row| (row.org_code, row)).collect();
        let contacts = institution_contact::all(&mut self.connection).await?;
        let accounts = self.accounts().await?.into_iter().map(|row| {
            let closed = row.closed_at.is_some();
            (row.id, PresentAccount { state: row.state(), closed })
        });
        let (accounts, sealer) = (accounts.collect(), self.sealer.clone());
        Ok(RegisteredEntries { institutions, contacts, accounts, sealer, takes_trial: self.takes_trial })
    }

    /// Begins to keep an import; its number. One of his that was checked and not decided is dropped.
    ///
    /// # Errors
    /// When he has one that waits or runs, the site has many, or the database fails.
    pub async fn begin_import(
        &mut self,
        file: &ImportFile,
        comparison: &Comparison,
        act: Act<'_>,
    ) -> Result<i64, AdministrationError> {
        self.connection.begin().await?;
        let begun = self.begin_within(file, comparison, act).await;
        self.connection.settle(begun).await?.map_err(AdministrationError::Import)
    }

    async fn begin_within(
        &mut self,
        file: &ImportFile,
        comparison: &Comparison,
        act: Act<'_>,
    ) -> Result<Result<i64, ImportError>, StoreError> {
        use ImportState::{Applying, Checked, Dropped, Reading, Undoing, Waiting};
        version::hold(&mut self.connection).await?;
        let own = act.actor.as_str();
        let open = imports::of_states(&mut self.connection, &[Reading, Waiting, Applying, Undoing]).await?;
        if let Some(record) = open.iter().find(|record| record.made_by == own) {
            return Ok(Err(ImportError::OneAtATime(record.number)));
        }
        if open.len() >= MOST_OPEN {
            return Ok(Err(ImportError::ManyAtATime(MOST_OPEN)));
        }
        for record in imports::of_states(&mut self.connection, &[Checked]).await? {
            if record.made_by == own {
                self.connection.run(imports::step(record.number, Checked, Dropped)).await?;
            }
        }
        let counts = comparison.counts;
        let changing = usize::try_from(counts.added + counts.changed).unwrap_or(usize::MAX);
        let visible = |c: char| if c.is_control() { '□' } else { c };
        let record = ImportRecord {
            number: 0,
            subject: comparison.subject,
            made_by: own.to_owned(),
            made_at: act.at,
            file_name: file.name.chars().map(visible).take(MAX_FILE_NAME).collect(),
            digest: file.digest,
            encoding: comparison.encoding.to_owned(),
            samples: comparison.samples.clone(),
            region: comparison.region.unwrap_or(file.place),
            state: Reading,
            counts,
            needs_second: needs_second(changing, comparison.cuts_off, file.may_edit),
            whole: false,
            reason: None,
            started_at: None,
            second_by: None,
            ended_at: None,
            undone_by: None,
            undo_reason: None,
            undone_at: None,
        };
        Ok(Ok(imports::insert(&mut self.connection, &record).await?))
    }

    /// Keeps the first rows that are left, and takes them away; whether there are more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_import_lines(
        &mut self,
        number: i64,
        lines: &mut Vec<ImportLine>,
    ) -> Result<bool, AdministrationError> {
        let rest = lines.split_off(lines.len().min(KEPT_AT_ONCE));
        let first = std::mem::replace(lines, rest);
        if !first.is_empty() {
            self.connection.run(import_rows::insert(number, &first, &self.sealer)).await?;
        }
        Ok(!lines.is_empty())
    }

    /// All rows are kept: it can be decided.
    ///
    /// # Errors
    /// When it took too long, or the database fails.
    pub async fn end_check(&mut self, number: i64, act: Act<'_>) -> Result<(), AdministrationError> {
        self.connection.begin().await?;
        let ended = self.end_within(number, act).await;
        Ok(self.connection.settle(ended).await??)
    }

    async fn end_within(&mut self, number: i64, act: Act<'_>) -> Result<Result<(), ImportError>, StoreError> {
        use ImportState::{Checked, Reading};
        version::hold(&mut self.connection).await?;
        let rows = self.connection.run(imports::step(number, Reading, Checked)).await?;
        let record = imports::one(&mut self.connection, number).await?;
        let Some(record) = record.filter(|_| rows > 0) else { return Ok(Err(ImportError::Missing(number))) };
        let digest = record.digest_text();
        let fields = vec![
            ("file", Some(record.file_name)),
            ("digest", Some(digest)),
            ("added", Some(record.counts.added.to_string())),
            ("changed", Some(record.counts.changed.to_string())),
            ("faulty", Some(record.counts.faulty.to_string())),
        ];
        let event = import_event(act, number, "upload", Outcome::Done, told(fields));
        let event = event.in_region(Some(record.region));
        operator_events::append(&mut self.connection, event).await?;
        Ok(Ok(()))
    }

    /// One import.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import(&mut self, number: i64) -> Result<Option<ImportRecord>, AdministrationError> {
        Ok(imports::one(&mut self.connection, number).await?)
    }

    /// So many imports before a number, the newest first: those within the areas, and those of `own`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn imports_before(
        &mut self,
        areas: &[Area],
        own: &str,
        before: i64,
        count: usize,
    ) -> Result<Vec<ImportRecord>, AdministrationError> {
        Ok(imports::page(&mut self.connection, areas, own, before, count).await?)
    }

    /// So many rows of an import of a kind, after a row of its file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import_lines(
        &mut self,
        number: i64,
        kind: LineKind,
        after: u32,
        count: usize,
    ) -> Result<Vec<ImportLine>, AdministrationError> {
        Ok(import_rows::page(&mut self.connection, &self.sealer, number, kind, after, count).await?)
    }

    /// How many rows of an import came to each outcome.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import_outcomes(
        &mut self,
        number: i64,
    ) -> Result<Vec<(LineOutcome, u64)>, AdministrationError> {
        Ok(import_rows::outcomes(&mut self.connection, number).await?)
    }

    /// Gives up what nobody finished, and removes some rows that were kept long enough; whether there may be more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tidy_imports(&mut self, now: UnixMillis) -> Result<bool, AdministrationError> {
        const OLD: &str = "SELECT number FROM imports WHERE (state = 'dropped' OR (state = 'applied' AND ended_at < $1) \
            OR (state = 'undone' AND undone_at < $1)) \
            AND EXISTS (SELECT 1 FROM import_rows WHERE import_rows.import = imports.number) LIMIT 1";
        let (late, old) = (now.minus(READ_WITHIN), now.minus(KEPT));
        // Read first: even an update of nothing waits for the one writer of an embedded database.
        let open = [ImportState::Reading, ImportState::Checked, ImportState::Waiting];
        for record in imports::of_states(&mut self.connection, &open).await? {
            let until = if record.state == ImportState::Reading { late } else { old };
            if record.made_at < until {
                self.connection.run(imports::step(record.number, record.state, ImportState::Dropped)).await?;
            }
        }
        let found = self.connection.fetch(Statement::new(OLD).number(old.get())).await?;
        let number = found.iter().next();
        let Some(row) = number else { return Ok(false) };
        let number = crate::store::row::Columns::new(row, imports::TABLE.name()).number()?;
        self.connection.run(import_rows::remove(number, REMOVED_AT_ONCE)).await?;
        Ok(true)
    }
}
