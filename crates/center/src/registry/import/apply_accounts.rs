//! Doing rows about accounts. A new one gets a key here that is stored sealed and told to nobody.

use std::collections::BTreeMap;

use yanmi_onboarding::{AccountState, RowState};
use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};

use super::apply::{CHANGED_SINCE, RowsDone, doer, is_as_expected, target};
use crate::events::{self, Act, OperatorEvent, Outcome, operator_events};
use crate::registry::account::{self, AccountRow};
use crate::registry::administration::Administration;
use crate::registry::import_rows::ImportLine;
use crate::registry::imports::{ImportRecord, ImportState};
use crate::store::StoreError;

impl Administration {
    /// Does rows about accounts, as far as they still find what they were checked against.
    pub(super) async fn do_accounts(
        &mut self,
        record: &ImportRecord,
        lines: &[ImportLine],
        at: UnixMillis,
    ) -> Result<RowsDone, StoreError> {
        let is_undo = record.state == ImportState::Undoing;
        let ids: Vec<AccountId> = lines.iter().filter_map(ImportLine::account).collect();
        let rows = account::some(&mut self.connection, &self.sealer, &ids).await?;
        let present: BTreeMap<AccountId, &AccountRow> = rows.iter().map(|row| (row.id, row)).collect();
        let (actor, reason) = doer(record);
        let act = Act::new(&actor, &reason, at);
        let (mut ended, mut added, mut told) = (RowsDone::default(), Vec::new(), Vec::new());
        let mut statements = Vec::new();
        for line in lines {
            let row = line.account().and_then(|id| present.get(&id).copied());
            let (id, after) = match judge(line, row, is_undo) {
                Ok(write) => write,
                Err(why) => {
                    self.leave_row(&mut ended, line, is_undo, why).await?;
                    continue;
                }
            };
            let value = if let Some(row) = row {
                statements.push(account::update(&id, &after, at));
                row.newest
            } else {
                let key = Sm4Key::from_bytes(&self.sealer.fresh());
                let value = key.kcv();
                added.push((id, after.clone(), key));
                value
            };
            told.push(event_of(row, &AccountRow::of_state((id, value), row, &after, at), act));
            ended.done.push(line.line);
        }
        if !ended.settle(record) {
            return Ok(ended);
        }
        if !added.is_empty() {
            statements.push(account::insert_all(&added, &self.sealer, at));
        }
        for statement in statements {
            self.connection.run(statement).await?;
        }
        operator_events::append_all(&mut self.connection, told).await?;
        Ok(ended)
    }
}

/// What a row can be done with now, or why not.
fn judge(
    line: &ImportLine,
    row: Option<&AccountRow>,
    is_undo: bool,
) -> Result<(AccountId, AccountState), &'static str> {
    let present = row.map(|row| RowState::Account(row.state()));
    let is_closed = row.is_some_and(|row| row.closed_at.is_some());
    if !is_as_expected(line, is_undo, (present.as_ref(), is_closed)) {
        return Err(CHANGED_SINCE);
    }
    match (line.account(), target(line, is_undo)) {
        (Some(id), Some(RowState::Account(after))) => Ok((id, after)),
        _ => Err(CHANGED_SINCE),
    }
}

fn event_of(before: Option<&AccountRow>, after: &AccountRow, act: Act<'_>) -> OperatorEvent {
    let before = before.map(AccountRow::fields);
    let action = if before.is_some() { "account.edit" } else { "account.add" };
    let changes = events::difference(before.as_ref(), Some(&after.fields()));
    OperatorEvent::new(act, action, ("account", after.id.as_str()), Outcome::Done, changes)
}
