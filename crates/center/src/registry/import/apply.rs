//! Doing what was decided, a batch of rows a transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use yanmi_onboarding::EntryState;
use yanmi_protocol::{AccountId, OrgCode, UnixMillis};

use super::{import_event, told};
use crate::events::{self, Act, Actor, OperatorEvent, Outcome, operator_events};
use crate::registry::account_institutions::{self as pairs, PairChange};
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::import_rows::{self, ImportLine, LineKind, LineOutcome};
use crate::registry::imports::{self, ImportRecord, ImportState};
use crate::registry::institution::{self, InstitutionRow};
use crate::registry::{account, version};
use crate::store::StoreError;
use crate::store::connection::Statement;

/// Rows that are done in one transaction: whoever waits for the one writer of an embedded database waits for so many.
const BATCH: usize = 50;
/// Batches after which running centers are told. Each reads the whole registry anew then, so it is not after every one.
const BATCHES_TOLD: u32 = 200;
const CHANGED_SINCE: &str = "核对之后被改动";
const ACCOUNT_CLOSED: &str = "业务系统编码已注销";

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

/// A row that is written.
struct RowWrite<'a> {
    line: &'a ImportLine,
    code: OrgCode,
    before: Option<&'a InstitutionRow>,
    after: EntryState,
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
        let lines = match record.state {
            ImportState::Undoing => {
                let kind = LineKind::Ended(LineOutcome::Done);
                import_rows::page(&mut self.connection, record.number, kind, cursor.line, BATCH).await?
            }
            _ => import_rows::open(&mut self.connection, record.number, cursor.line, BATCH).await?,
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
        let event = import_event(act, record.number, "end", Outcome::Done, told(&fields));
        let event = event.in_region(Some(record.region));
        operator_events::append(&mut self.connection, event).await
    }

    async fn do_rows(
        &mut self,
        record: &ImportRecord,
        lines: &[ImportLine],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let is_undo = record.state == ImportState::Undoing;
        let codes: Vec<OrgCode> = lines.iter().filter_map(|line| line.org_code).collect();
        let rows = institution::some(&mut self.connection, &codes).await?;
        let present: BTreeMap<OrgCode, &InstitutionRow> =
            rows.iter().map(|row| (row.org_code, row)).collect();
        let wanted = lines.iter().filter_map(|line| target(line, is_undo));
        let accounts: BTreeSet<AccountId> = wanted.flat_map(|state| state.accounts).collect();
        let open = account::open(&mut self.connection, &accounts).await?;
        let (mut writes, mut left) = (Vec::new(), BTreeMap::<String, Vec<u32>>::new());
        for line in lines {
            let row = line.org_code.and_then(|code| present.get(&code).copied());
            match judge(line, row, is_undo, &open) {
                Ok(write) => writes.push(write),
                Err(why) => {
                    let why = match line.org_code.filter(|_| is_undo && why == CHANGED_SINCE) {
                        Some(code) => self.changer(&code).await?,
                        None => why.to_owned(),
                    };
                    left.entry(why).or_default().push(line.line);
                }
            }
        }
        self.write_rows(record, &writes, at).await?;
        let (done, other) = if is_undo {
            (LineOutcome::Reversed, LineOutcome::Kept)
        } else {
            (LineOutcome::Done, LineOutcome::Skipped)
        };
        let done_lines: Vec<u32> = writes.iter().map(|write| write.line.line).collect();
        if !done_lines.is_empty() {
            self.connection.run(import_rows::end(record.number, &done_lines, done, None)).await?;
        }
        for (why, lines) in left {
            self.connection.run(import_rows::end(record.number, &lines, other, Some(&why))).await?;
        }
        Ok(())
    }

    /// Who changed an institution last, in words.
    async fn changer(&mut self, code: &OrgCode) -> Result<String, StoreError> {
        let actor = operator_events::last_actor(&mut self.connection, code.as_str()).await?;
        Ok(actor.map_or_else(|| "导入之后被改动".to_owned(), |actor| format!("导入之后被 {actor} 改动")))
    }

    async fn write_rows(
        &mut self,
        record: &ImportRecord,
        writes: &[RowWrite<'_>],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let states = writes.iter().map(|write| (write.code, &write.after));
        self.connection.run(institution::put(states, at)).await?;
        let mut changes = Vec::new();
        let mut lost = Vec::new();
        for RowWrite { code, before, after, .. } in writes {
            let before = before.map_or(&[][..], |row| &row.accounts[..]);
            let gained = after.accounts.iter().filter(|account| !before.contains(account));
            changes.extend(gained.map(|account| PairChange { code: *code, account: *account, holds: true }));
            for account in before.iter().filter(|account| !after.accounts.contains(account)) {
                changes.push(PairChange { code: *code, account: *account, holds: false });
                lost.push((*code, *account));
            }
        }
        for statement in pairs::put(&changes, at) {
            self.connection.run(statement).await?;
        }
        for (code, account) in lost {
            self.connection.run(pairs::follow(&account, &code)).await?;
        }
        let (actor, reason) = doer(record);
        let act = Act::new(&actor, &reason, at);
        let events = writes.iter().map(|write| event_of(write, act)).collect();
        operator_events::append_all(&mut self.connection, events).await
    }
}

/// Who does it, and why, as the events of its rows say.
fn doer(record: &ImportRecord) -> (Actor, String) {
    let (by, reason) = match record.state {
        ImportState::Undoing => (record.undone_by.as_ref(), record.undo_reason.as_ref()),
        _ => (None, record.reason.as_ref()),
    };
    let what = if record.state == ImportState::Undoing { "撤销导入" } else { "导入" };
    let reason = format!("{what} {}：{}", record.number, reason.map_or("", String::as_str));
    (Actor::operator(by.unwrap_or(&record.made_by)), reason)
}

/// What a row is to become.
fn target(line: &ImportLine, is_undo: bool) -> Option<EntryState> {
    if is_undo {
        line.before.clone().or_else(|| line.after.as_ref().map(EntryState::retired))
    } else {
        line.after.clone()
    }
}

/// Whether a row can be done now, or why not.
fn judge<'a>(
    line: &'a ImportLine,
    row: Option<&'a InstitutionRow>,
    is_undo: bool,
    open: &BTreeSet<AccountId>,
) -> Result<RowWrite<'a>, &'static str> {
    let expected = if is_undo { line.after.as_ref() } else { line.before.as_ref() };
    let present = row.map(InstitutionRow::state);
    if present.as_ref() != expected || row.is_some_and(|row| row.closed_at.is_some()) {
        return Err(CHANGED_SINCE);
    }
    let (Some(code), Some(after)) = (line.org_code, target(line, is_undo)) else { return Err(CHANGED_SINCE) };
    let before = row.map_or(&[][..], |row| &row.accounts[..]);
    if after.accounts.iter().any(|account| !before.contains(account) && !open.contains(account)) {
        return Err(ACCOUNT_CLOSED);
    }
    Ok(RowWrite { line, code, before: row, after })
}

fn event_of(write: &RowWrite<'_>, act: Act<'_>) -> OperatorEvent {
    let after = InstitutionRow::of_state(write.code, write.before, write.after.clone(), act.at);
    let before = write.before.map(InstitutionRow::fields);
    let action = if before.is_some() { "institution.edit" } else { "institution.add" };
    let changes = events::difference(before.as_ref(), Some(&after.fields()));
    let region = match write.before {
        Some(before) => before.region.joined(&after.region),
        None => Some(after.region),
    };
    OperatorEvent::new(act, action, ("institution", write.code.as_str()), Outcome::Done, changes)
        .in_region(region)
}
