//! Doing what was decided, a batch of rows a transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use yanmi_onboarding::{ImportSubject, RowState};
use yanmi_protocol::UnixMillis;

use super::{import_event, told};
use crate::events::{Act, Actor, Outcome, operator_events};
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::import_rows::{self, ImportLine, LineKind, LineOutcome};
use crate::registry::imports::{self, ImportRecord, ImportState};
use crate::registry::version;
use crate::store::StoreError;
use crate::store::connection::Statement;

/// Rows that are done in one transaction: whoever waits for the one writer of an embedded database waits for so many.
const BATCH: usize = 50;
/// Rows a table may change that is done as a whole: they are one transaction, which everybody who writes waits for once.
pub(super) const WHOLE: usize = 500;
/// Batches after which running centers are told. Each reads the whole registry anew then, so it is not after every one.
const BATCHES_TOLD: u32 = 200;
/// Why a row is left, where somebody has changed what it is about.
pub(super) const CHANGED_SINCE: &str = "核对之后被改动";

/// Why a row is left that could have been done, in a table that is done as a whole.
const NOT_WHOLE: &str = "整表导入：别的行没有导入，所以这一行也没有";

/// How much longer than a transaction the pause after it is: a fifth of the time is taken.
const PAUSES: u32 = 4;
/// No pause is shorter, so that whoever waits for the writer gets it.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
/// No pause is longer: a transaction that waited itself would be followed by a wait of its own making.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// For how long the database is left to requests after a transaction that took so long.
pub fn import_pause(took: Duration) -> Duration {
    (took * PAUSES).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// Where whoever does an import has come to in it, so that nobody looks at what is behind.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ImportCursor {
    at: Option<(i64, ImportState)>,
    line: u32,
    batches: u32,
}

/// What became of the rows of a batch.
#[derive(Default)]
pub(super) struct RowsDone {
    /// The rows of the file that were done.
    pub(super) done: Vec<u32>,
    /// Those that were not, by why.
    left: BTreeMap<String, Vec<u32>>,
}

impl RowsDone {
    /// Whether what was found fit is written: of a table that is done as a whole nothing is when a row is left. Its rows are all
    /// in one batch, so none was done before.
    pub(super) fn settle(&mut self, record: &ImportRecord) -> bool {
        let is_off = record.whole && record.state == ImportState::Applying && !self.left.is_empty();
        if is_off && !self.done.is_empty() {
            self.left.entry(NOT_WHOLE.to_owned()).or_default().append(&mut self.done);
        }
        !is_off
    }
}

impl Administration {
    /// Does the next rows of the oldest import that is to be done or undone, in one transaction; whether there was anything to
    /// do. To be called again until there was not.
    ///
    /// # Errors
    /// When the database fails; then nothing was done.
    pub async fn advance_import(
        &mut self,
        cursor: &mut ImportCursor,
        at: UnixMillis,
    ) -> Result<bool, AdministrationError> {
        // Without a lock first: mostly there is nothing.
        let states = [ImportState::Applying, ImportState::Undoing];
        if imports::of_states(&mut self.connection, &states).await?.is_empty() {
            return Ok(false);
        }
        self.connection.begin().await?;
        let advanced = self.advance_within(*cursor, at).await;
        let advanced = self.connection.settle(advanced).await?;
        *cursor = advanced.unwrap_or_default();
        Ok(advanced.is_some())
    }

    async fn advance_within(
        &mut self,
        cursor: ImportCursor,
        at: UnixMillis,
    ) -> Result<Option<ImportCursor>, StoreError> {
        version::hold(&mut self.connection).await?;
        let states = [ImportState::Applying, ImportState::Undoing];
        let Some(record) = imports::of_states(&mut self.connection, &states).await?.into_iter().next() else {
            return Ok(None);
        };
        let here = Some((record.number, record.state));
        let cursor = if cursor.at == here { cursor } else { ImportCursor { at: here, ..Default::default() } };
        let lines = if record.state == ImportState::Undoing {
            let kind = LineKind::Ended(LineOutcome::Done);
            import_rows::page(&mut self.connection, &self.sealer, record.number, kind, cursor.line, BATCH)
                .await?
        } else {
            let most = if record.whole { WHOLE } else { BATCH };
            import_rows::open(&mut self.connection, &self.sealer, record.number, cursor.line, most).await?
        };
        let Some(last) = lines.last().map(|line| line.line) else {
            self.end_import(&record, at).await?;
            return Ok(Some(ImportCursor::default()));
        };
        self.do_rows(&record, &lines, at).await?;
        let batches = cursor.batches + 1;
        if batches % BATCHES_TOLD == 0 {
            version::raise(&mut self.connection).await?;
        }
        Ok(Some(ImportCursor { line: last, batches, ..cursor }))
    }

    /// No row is left.
    async fn end_import(&mut self, record: &ImportRecord, at: UnixMillis) -> Result<(), StoreError> {
        const APPLIED: &str = "UPDATE imports SET state = 'applied', ended_at = $2 WHERE number = $1";
        const UNDONE: &str = "UPDATE imports SET state = 'undone', undone_at = $2 WHERE number = $1";
        let is_undo = record.state == ImportState::Undoing;
        let statement = Statement::new(if is_undo { UNDONE } else { APPLIED });
        self.connection.run(statement.number(record.number).number(at.get())).await?;
        version::raise(&mut self.connection).await?;
        let outcomes = import_rows::outcomes(&mut self.connection, record.number).await?;
        let count =
            |wanted| outcomes.iter().find(|(outcome, _)| *outcome == wanted).map_or(0, |(_, rows)| *rows);
        let (done, left, state) = if is_undo {
            (LineOutcome::Reversed, LineOutcome::Kept, ImportState::Undone)
        } else {
            (LineOutcome::Done, LineOutcome::Skipped, ImportState::Applied)
        };
        let fields = vec![
            ("state", Some(state.to_string())),
            ("done", Some(count(done).to_string())),
            ("skipped", Some(count(left).to_string())),
        ];
        let (actor, reason) = doer(record);
        let act = Act::new(&actor, &reason, at);
        let event = import_event(act, record.number, "end", Outcome::Done, told(fields));
        let event = event.in_region(Some(record.region));
        operator_events::append(&mut self.connection, event).await
    }

    async fn do_rows(
        &mut self,
        record: &ImportRecord,
        lines: &[ImportLine],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let RowsDone { done, left } = match record.subject {
            ImportSubject::Institutions => self.do_institutions(record, lines, at).await?,
            ImportSubject::Accounts => self.do_accounts(record, lines, at).await?,
        };
        let (yes, no) = if record.state == ImportState::Undoing {
            (LineOutcome::Reversed, LineOutcome::Kept)
        } else {
            (LineOutcome::Done, LineOutcome::Skipped)
        };
        if !done.is_empty() {
            self.connection.run(import_rows::end(record.number, &done, yes, None)).await?;
        }
        for (why, lines) in left {
            self.connection.run(import_rows::end(record.number, &lines, no, Some(&why))).await?;
        }
        Ok(())
    }

    /// Notes that a row is left; of one that was changed since it was imported, by whom.
    pub(super) async fn leave_row(
        &mut self,
        rows: &mut RowsDone,
        line: &ImportLine,
        is_undo: bool,
        why: &str,
    ) -> Result<(), StoreError> {
        let why = if is_undo && why == CHANGED_SINCE {
            let actor = operator_events::last_actor(&mut self.connection, line.code()).await?;
            actor.map_or_else(|| "导入之后被改动".to_owned(), |actor| format!("导入之后被 {actor} 改动"))
        } else {
            why.to_owned()
        };
        rows.left.entry(why).or_default().push(line.line);
        Ok(())
    }
}

/// Who does it, and why, as the events of its rows say.
pub(super) fn doer(record: &ImportRecord) -> (Actor, String) {
    let (by, reason) = match record.state {
        ImportState::Undoing => (record.undone_by.as_ref(), record.undo_reason.as_ref()),
        _ => (None, record.reason.as_ref()),
    };
    let what = if record.state == ImportState::Undoing { "撤销导入" } else { "导入" };
    let reason = format!("{what} {}：{}", record.number, reason.map_or("", String::as_str));
    (Actor::operator(by.unwrap_or(&record.made_by)), reason)
}

/// What a row is to become.
pub(super) fn target(line: &ImportLine, is_undo: bool) -> Option<RowState> {
    if is_undo {
        line.before.clone().or_else(|| line.after.as_ref().map(RowState::retired))
    } else {
        line.after.clone()
    }
}

/// Whether a row finds what it was checked against, and nothing that was closed for good meanwhile.
pub(super) fn is_as_expected(
    line: &ImportLine,
    is_undo: bool,
    (present, is_closed): (Option<&RowState>, bool),
) -> bool {
    let expected = if is_undo { line.after.as_ref() } else { line.before.as_ref() };
    present == expected && !is_closed
}
