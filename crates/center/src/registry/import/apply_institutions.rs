//! Doing rows about institutions.

use std::collections::{BTreeMap, BTreeSet};

use yanmi_onboarding::{Contact, EntryState, RowState};
use yanmi_protocol::{AccountId, OrgCode, UnixMillis};

use super::apply::{CHANGED_SINCE, RowsDone, doer, is_as_expected, target};
use crate::events::{self, Act, OperatorEvent, Outcome, operator_events};
use crate::registry::account;
use crate::registry::account_institutions::{self as pairs, PairChange};
use crate::registry::administration::Administration;
use crate::registry::import_rows::ImportLine;
use crate::registry::imports::{ImportRecord, ImportState};
use crate::registry::institution::{self, InstitutionRow};
use crate::registry::institution_contact;
use crate::store::StoreError;

const ACCOUNT_CLOSED: &str = "业务系统编码已注销";

/// A row that is written.
struct RowWrite<'a> {
    code: OrgCode,
    before: Option<(&'a InstitutionRow, Contact)>,
    after: EntryState,
}

impl Administration {
    /// Does rows about institutions, as far as they still find what they were checked against.
    pub(super) async fn do_institutions(
        &mut self,
        record: &ImportRecord,
        lines: &[ImportLine],
        at: UnixMillis,
    ) -> Result<RowsDone, StoreError> {
        let is_undo = record.state == ImportState::Undoing;
        let codes: Vec<OrgCode> = lines.iter().filter_map(ImportLine::org_code).collect();
        let rows = institution::some(&mut self.connection, &codes).await?;
        let mut contacts = institution_contact::some(&mut self.connection, &self.sealer, &codes).await?;
        let present: BTreeMap<OrgCode, &InstitutionRow> =
            rows.iter().map(|row| (row.org_code, row)).collect();
        let wanted = lines.iter().filter_map(|line| entry(target(line, is_undo)?));
        let accounts: BTreeSet<AccountId> = wanted.flat_map(|state| state.accounts).collect();
        let open = account::open(&mut self.connection, &accounts).await?;
        let (mut writes, mut ended) = (Vec::new(), RowsDone::default());
        for line in lines {
            let row = line.org_code().and_then(|code| present.get(&code).copied());
            let row = row.map(|row| (row, contacts.remove(&row.org_code).unwrap_or_default()));
            match judge(line, row, is_undo, &open) {
                Ok(write) => {
                    writes.push(write);
                    ended.done.push(line.line);
                }
                Err(why) => self.leave_row(&mut ended, line, is_undo, why).await?,
            }
        }
        if ended.settle(record) {
            self.write_institutions(record, &writes, at).await?;
        }
        Ok(ended)
    }

    async fn write_institutions(
        &mut self,
        record: &ImportRecord,
        writes: &[RowWrite<'_>],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let states = writes.iter().map(|write| (write.code, &write.after));
        self.connection.run(institution::put(states, &self.sealer, at)).await?;
        let mut changes = Vec::new();
        let mut lost = Vec::new();
        for RowWrite { code, before, after } in writes {
            let before = before.as_ref().map_or(&[][..], |(row, _)| &row.accounts[..]);
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

fn entry(state: RowState) -> Option<EntryState> {
    match state {
        RowState::Institution(state) => Some(state),
        RowState::Account(_) => None,
    }
}

/// Whether a row can be done now, or why not.
fn judge<'a>(
    line: &ImportLine,
    row: Option<(&'a InstitutionRow, Contact)>,
    is_undo: bool,
    open: &BTreeSet<AccountId>,
) -> Result<RowWrite<'a>, &'static str> {
    let present = row.as_ref().map(|(row, contact)| RowState::Institution(row.state(contact.clone())));
    let is_closed = row.as_ref().is_some_and(|(row, _)| row.closed_at.is_some());
    if !is_as_expected(line, is_undo, (present.as_ref(), is_closed)) {
        return Err(CHANGED_SINCE);
    }
    let (Some(code), Some(after)) = (line.org_code(), target(line, is_undo).and_then(entry)) else {
        return Err(CHANGED_SINCE);
    };
    let before = row.as_ref().map_or(&[][..], |(row, _)| &row.accounts[..]);
    if after.accounts.iter().any(|account| !before.contains(account) && !open.contains(account)) {
        return Err(ACCOUNT_CLOSED);
    }
    Ok(RowWrite { code, before: row, after })
}

fn event_of(write: &RowWrite<'_>, act: Act<'_>) -> OperatorEvent {
    let row = write.before.as_ref().map(|(row, _)| *row);
    let after = InstitutionRow::of_state(write.code, row, write.after.clone(), act.at);
    let before = write.before.as_ref().map(|(row, contact)| row.fields(contact));
    let action = if before.is_some() { "institution.edit" } else { "institution.add" };
    let changes = events::difference(before.as_ref(), Some(&after.fields(&write.after.contact)));
    let region = match row {
        Some(before) => before.region.joined(&after.region),
        None => Some(after.region),
    };
    OperatorEvent::new(act, action, ("institution", write.code.as_str()), Outcome::Done, changes)
        .in_region(region)
}
