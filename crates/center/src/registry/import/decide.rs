//! Deciding what becomes of an import.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use super::apply::WHOLE;
use super::check::KEPT;
use super::{ImportError, import_event, told};
use crate::events::{Act, Outcome, operator_events};
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::imports::{self, ImportCounts, ImportRecord, ImportState};
use crate::registry::version;
use crate::store::StoreError;
use crate::store::connection::Statement;

/// For how long the same file is asked about.
const SAME_FILE: Duration = Duration::from_hours(24);

/// What somebody decides of an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportStep {
    /// Whoever brought it wants it done.
    Apply,
    /// The second person agrees.
    Confirm,
    /// It is not done.
    Drop,
    /// What it did is taken back.
    Undo,
}

/// A decision about an import. Whether somebody may decide it at all is asked before.
#[derive(Clone, Copy, Debug)]
pub struct ImportDecision {
    /// Which import.
    pub number: i64,
    /// What is decided.
    pub step: ImportStep,
    /// Whether he may edit entries by himself.
    pub may_edit: bool,
    /// Whether no second person is needed, whatever it changes: at the machine's command line.
    pub alone: bool,
    /// What was ticked with [`ImportStep::Apply`].
    pub ticks: ImportTicks,
}

/// What can be ticked when an import is submitted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ImportTicks {
    /// The same file is meant to be done again.
    pub meant: bool,
    /// All of it is to be done, or nothing.
    pub whole: bool,
}

/// Whether a table of so many rows can be done as a whole.
///
/// # Errors
/// [`ImportError::NotWhole`] when a row is faulty, [`ImportError::LargeWhole`] when it is too much for one transaction.
pub fn check_whole(counts: ImportCounts) -> Result<(), ImportError> {
    let rows = counts.added + counts.changed;
    match counts.faulty {
        0 if rows <= WHOLE as u64 => Ok(()),
        0 => Err(ImportError::LargeWhole { rows, most: WHOLE as u64 }),
        faulty => Err(ImportError::NotWhole(faulty)),
    }
}

impl ImportStep {
    const fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Confirm => "confirm",
            Self::Drop => "drop",
            Self::Undo => "undo",
        }
    }
}

impl Administration {
    /// Decides what becomes of an import; what it is then. Of two who decide at once, the second is told of the first.
    ///
    /// # Errors
    /// When it is not its turn, or not his to decide; that is an event.
    pub async fn decide_import(
        &mut self,
        decision: ImportDecision,
        act: Act<'_>,
    ) -> Result<ImportState, AdministrationError> {
        self.connection.begin().await?;
        let decided = match self.decide_within(decision, act).await {
            Ok(Err(why)) => {
                self.connection.roll_back().await?;
                Err(why)
            }
            decided => self.connection.settle(decided).await?,
        };
        match decided {
            Ok(state) => Ok(state),
            Err(why) => self.refuse_import(act, decision.number, decision.step.word(), why).await,
        }
    }

    /// The number of an import of the same file that was done within a day before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn repeated_import(
        &mut self,
        record: &ImportRecord,
        now: UnixMillis,
    ) -> Result<Option<i64>, AdministrationError> {
        let since = now.minus(SAME_FILE);
        let found = imports::same_file(&mut self.connection, record, since).await?;
        Ok(found.map(|record| record.number))
    }

    async fn decide_within(
        &mut self,
        decision: ImportDecision,
        act: Act<'_>,
    ) -> Result<Result<ImportState, ImportError>, StoreError> {
        version::hold(&mut self.connection).await?;
        let number = decision.number;
        let Some(record) = imports::one(&mut self.connection, number).await? else {
            return Ok(Err(ImportError::Missing(number)));
        };
        let repeated = if decision.step == ImportStep::Apply && !decision.ticks.meant {
            imports::same_file(&mut self.connection, &record, act.at.minus(SAME_FILE)).await?
        } else {
            None
        };
        let next = match next(&record, decision, act) {
            Ok(next) => next,
            Err(why) => return Ok(Err(why)),
        };
        if let Some(before) = repeated {
            return Ok(Err(ImportError::Repeated(before.number)));
        }
        for statement in statements(&record, next, decision, act) {
            self.connection.run(statement).await?;
        }
        let whole = (decision.step == ImportStep::Apply && decision.ticks.whole).then(|| "true".to_owned());
        let fields = vec![("state", Some(next.to_string())), ("whole", whole)];
        let event = import_event(act, number, decision.step.word(), Outcome::Done, told(fields));
        let event = event.in_region(Some(record.region));
        operator_events::append(&mut self.connection, event).await?;
        Ok(Ok(next))
    }
}

/// What it becomes.
fn next(record: &ImportRecord, decision: ImportDecision, act: Act<'_>) -> Result<ImportState, ImportError> {
    let is_maker = record.made_by == act.actor.as_str();
    match (decision.step, record.state) {
        (ImportStep::Apply, ImportState::Checked) if !is_maker => Err(ImportError::OfAnother),
        (ImportStep::Apply, ImportState::Checked) if record.counts.added + record.counts.changed == 0 => {
            Err(ImportError::NothingToDo)
        }
        (ImportStep::Apply, ImportState::Checked) => {
            if decision.ticks.whole {
                check_whole(record.counts)?;
            }
            let second = (record.needs_second || !decision.may_edit) && !decision.alone;
            Ok(if second { ImportState::Waiting } else { ImportState::Applying })
        }
        (ImportStep::Confirm, ImportState::Waiting) if is_maker => Err(ImportError::Maker),
        (ImportStep::Confirm, ImportState::Waiting) => Ok(ImportState::Applying),
        (ImportStep::Drop, ImportState::Reading | ImportState::Checked | ImportState::Waiting) => {
            Ok(ImportState::Dropped)
        }
        (ImportStep::Undo, ImportState::Applied) => {
            let is_late = record.ended_at.is_none_or(|ended| ended < act.at.minus(KEPT));
            if is_late { Err(ImportError::TooLate) } else { Ok(ImportState::Undoing) }
        }
        (_, state) => Err(ImportError::Moved { state, by: moved_by(record) }),
    }
}

/// Who brought it there, as far as that is known of its state.
fn moved_by(record: &ImportRecord) -> String {
    let by = match record.state {
        ImportState::Undoing | ImportState::Undone => record.undone_by.as_ref(),
        ImportState::Applying | ImportState::Applied => record.second_by.as_ref(),
        _ => None,
    };
    by.map_or_else(String::new, |by| format!("（{by}）"))
}

fn statements(
    record: &ImportRecord,
    next: ImportState,
    decision: ImportDecision,
    act: Act<'_>,
) -> Vec<Statement> {
    const APPLY: &str = "UPDATE imports SET reason = $2, started_at = $3, whole = $4 WHERE number = $1";
    const SECOND: &str = "UPDATE imports SET second_by = $2 WHERE number = $1";
    const UNDO: &str = "UPDATE imports SET undone_by = $2, undo_reason = $3 WHERE number = $1";
    let (number, actor) = (record.number, act.actor.as_str());
    let whole = i64::from(decision.ticks.whole);
    let more = match decision.step {
        ImportStep::Apply => {
            Some(Statement::new(APPLY).number(number).text(act.reason).number(act.at.get()).number(whole))
        }
        ImportStep::Confirm => Some(Statement::new(SECOND).number(number).text(actor)),
        ImportStep::Undo => Some(Statement::new(UNDO).number(number).text(actor).text(act.reason)),
        ImportStep::Drop => None,
    };
    std::iter::once(imports::step(number, record.state, next)).chain(more).collect()
}
