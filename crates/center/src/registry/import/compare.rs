//! What a table would change.

use std::collections::BTreeMap;

use sm3::{Digest, Sm3};
use yanmi_onboarding::import::field_changes;
use yanmi_onboarding::{
    AccountStanding, Area, ImportCell, ImportCheck, ImportField, ImportGround, PresentEntry, RowVerdict,
};
use yanmi_protocol::{AccountId, OrgCode};
use yanmi_sheet::{Cell, SheetColumn, SheetError, Table, TableRow};

use super::ImportError;
use crate::registry::MAX_ACCOUNTS;
use crate::registry::import_rows::{CellFault, FaultyLine, ImportLine};
use crate::registry::imports::ImportCounts;

/// The columns of the template. The last is ours: what is wrong, in a table that is given back; it is not read.
pub const TEMPLATE: [SheetColumn; 6] = [
    column(ImportField::Code),
    column(ImportField::Name),
    column(ImportField::Region),
    column(ImportField::Accounts),
    column(ImportField::Active),
    SheetColumn { name: "问题", required: false },
];
/// Names of a table that are shown.
const SAMPLES: usize = 3;

const fn column(field: ImportField) -> SheetColumn {
    SheetColumn { name: field.name(), required: field.is_required() }
}

/// What is registered, as a table is compared with it.
#[derive(Debug, Default)]
pub struct RegisteredEntries {
    pub(super) entries: BTreeMap<OrgCode, PresentEntry>,
    /// Whether each account is open.
    pub(super) accounts: BTreeMap<AccountId, bool>,
}

impl ImportGround for RegisteredEntries {
    fn entry(&self, code: &OrgCode) -> Option<PresentEntry> {
        self.entries.get(code).cloned()
    }

    fn account(&self, account: &AccountId) -> AccountStanding {
        match self.accounts.get(account) {
            Some(true) => AccountStanding::Open,
            Some(false) => AccountStanding::Closed,
            None => AccountStanding::Unknown,
        }
    }
}

/// What a table comes to.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Its rows, but for those that change nothing.
    pub lines: Vec<ImportLine>,
    /// How many there are of each kind.
    pub counts: ImportCounts,
    /// The smallest area that has all of its institutions; nothing when none was readable, or they are of several provinces.
    pub region: Option<Area>,
    /// Whether an institution is 停用 or loses an account.
    pub cuts_off: bool,
    /// Some names from it.
    pub samples: String,
    /// What it was read as.
    pub encoding: &'static str,
}

/// The table in a file.
///
/// # Errors
/// [`ImportError`] when it is none, or has no rows.
pub fn read_table(bytes: &[u8]) -> Result<(Table, [u8; 32]), ImportError> {
    let table = yanmi_sheet::read(bytes, &TEMPLATE).map_err(|error: SheetError| ImportError::Sheet(error))?;
    if table.rows.is_empty() {
        return Err(ImportError::NoRow);
    }
    Ok((table, Sm3::digest(bytes).into()))
}

/// Compares a table with what is registered, for somebody who may change what is in these areas.
pub fn compare(table: &Table, ground: &RegisteredEntries, reach: &[Area]) -> Comparison {
    let mut check = ImportCheck::new(ground, reach, MAX_ACCOUNTS);
    let mut result = Comparison {
        lines: Vec::new(),
        counts: ImportCounts::default(),
        region: None,
        cuts_off: false,
        samples: samples(table),
        encoding: table.encoding.name(),
    };
    let mut areas = Areas::default();
    for row in &table.rows {
        let mut cells = [ImportCell::Empty; 5];
        for (cell, read) in cells.iter_mut().zip(&row.cells) {
            *cell = match read {
                Cell::Empty => ImportCell::Empty,
                Cell::Text(text) => ImportCell::Text(text),
                Cell::Number(text) => ImportCell::Number(text),
            };
        }
        let (org_code, verdict) = check.row(row.number, &cells);
        let line = ImportLine {
            line: row.number,
            org_code,
            before: None,
            after: None,
            fault: None,
            outcome: None,
            note: None,
        };
        let line = match verdict {
            RowVerdict::Same => {
                result.counts.same += 1;
                let present = org_code.and_then(|code| ground.entries.get(&code));
                if let Some(present) = present {
                    areas.add(present.state.region);
                }
                continue;
            }
            RowVerdict::New(after) => {
                result.counts.added += 1;
                areas.add(after.region);
                ImportLine { after: Some(after), ..line }
            }
            RowVerdict::Changed { before, after } => {
                result.counts.changed += 1;
                result.cuts_off |= before.loses_by(&after);
                areas.add(before.region);
                areas.add(after.region);
                debug_assert!(!field_changes(Some(&before), &after).is_empty());
                ImportLine { before: Some(before), after: Some(after), ..line }
            }
            RowVerdict::Faulty(faults) => {
                result.counts.faulty += 1;
                let faults = faults.into_iter().map(|fault| told(table, row, &fault)).collect();
                let cells = row.cells.iter().take(cells.len()).map(|cell| cell.as_str().to_owned()).collect();
                ImportLine { fault: Some(FaultyLine { cells, faults }), ..line }
            }
        };
        result.lines.push(line);
    }
    result.region = areas.all;
    result
}

/// The smallest area of several.
#[derive(Default)]
struct Areas {
    all: Option<Area>,
    apart: bool,
}

impl Areas {
    fn add(&mut self, area: Area) {
        let all = match self.all {
            _ if self.apart => None,
            None => Some(area),
            Some(all) => all.joined(&area),
        };
        self.apart |= all.is_none();
        self.all = all;
    }
}

fn told(table: &Table, row: &TableRow, fault: &yanmi_onboarding::import::RowFault) -> CellFault {
    let at = ImportField::ALL.iter().position(|field| *field == fault.field).unwrap_or(0);
    CellFault {
        cell: table.cell_name(row.number, at),
        column: fault.field.name().to_owned(),
        value: fault.value.clone(),
        problem: fault.problem.to_string(),
    }
}

fn samples(table: &Table) -> String {
    let names = table.rows.iter().filter_map(|row| row.cells.get(1)).map(Cell::as_str);
    names.filter(|name| !name.is_empty()).take(SAMPLES).collect::<Vec<_>>().join("、")
}
