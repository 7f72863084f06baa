//! What a table would change.

use std::collections::BTreeMap;
use std::fmt;

use sm3::{Digest, Sm3};
use yanmi_onboarding::import::RowFault;
use yanmi_onboarding::{
    AccountCheck, AccountGround, AccountStanding, Area, Contact, ContactField, ImportCell, ImportCheck,
    ImportField, ImportGround, ImportSubject, PresentAccount, PresentEntry, RowState, RowVerdict,
};
use yanmi_protocol::{AccountId, OrgCode};
use yanmi_sheet::{Cell, SheetColumn, SheetError, Table, TableRow};

use super::ImportError;
use crate::registry::MAX_ACCOUNTS;
use crate::registry::administration_error::AdministrationError;
use crate::registry::import_rows::{CellFault, FaultyLine, ImportLine};
use crate::registry::imports::ImportCounts;
use crate::registry::institution::InstitutionRow;
use crate::registry::institution_contact::SealedContact;
use crate::registry::networks::SourceNetworks;
use crate::registry::object::Object;
use crate::sealing::Sealer;
use crate::store::StoreError;

/// The last column of each template is ours: what is wrong, in a table that is given back; it is not read.
const PROBLEMS: SheetColumn = SheetColumn { name: "问题", required: false };
const INSTITUTIONS: [SheetColumn; 9] = [
    column(ImportField::Code),
    column(ImportField::Name),
    column(ImportField::Region),
    column(ImportField::Accounts),
    column(ImportField::Active),
    column(ImportField::Contact(ContactField::Name)),
    column(ImportField::Contact(ContactField::Phone)),
    column(ImportField::Contact(ContactField::Note)),
    PROBLEMS,
];
const ACCOUNTS: [SheetColumn; 8] = [
    column(ImportField::Account),
    column(ImportField::AccountName),
    column(ImportField::Interfaces),
    column(ImportField::Rate),
    column(ImportField::Mac),
    column(ImportField::Networks),
    column(ImportField::Active),
    PROBLEMS,
];
/// Names of a table that are shown.
const SAMPLES: usize = 3;

/// The columns of a template: those of the subject, and one for what is wrong.
pub const fn template(subject: ImportSubject) -> &'static [SheetColumn] {
    match subject {
        ImportSubject::Institutions => &INSTITUTIONS,
        ImportSubject::Accounts => &ACCOUNTS,
    }
}

const fn column(field: ImportField) -> SheetColumn {
    SheetColumn { name: field.name(), required: field.is_required() }
}

/// What is registered, as a table is compared with it.
#[derive(Debug)]
pub struct RegisteredEntries {
    pub(super) institutions: BTreeMap<OrgCode, InstitutionRow>,
    pub(super) contacts: BTreeMap<OrgCode, SealedContact>,
    pub(super) accounts: BTreeMap<AccountId, PresentAccount>,
    pub(super) sealer: Sealer,
    pub(super) takes_trial: bool,
}

/// The same with whom to call about the institutions of a table.
struct OpenedEntries<'a> {
    registered: &'a RegisteredEntries,
    contacts: BTreeMap<OrgCode, Contact>,
}

impl RegisteredEntries {
    /// Opens what a table is compared with.
    fn opened(&self, table: &Table) -> Result<OpenedEntries<'_>, StoreError> {
        let codes = table.rows.iter().filter_map(|row| OrgCode::new(row.cells.first()?.as_str()).ok());
        let sealed = codes.filter_map(|code| Some((code, self.contacts.get(&code)?)));
        let opened = sealed.map(|(code, sealed)| Ok((code, sealed.open(&self.sealer, &code)?)));
        Ok(OpenedEntries { registered: self, contacts: opened.collect::<Result<_, StoreError>>()? })
    }
}

impl ImportGround for OpenedEntries<'_> {
    fn entry(&self, code: &OrgCode) -> Option<PresentEntry> {
        let row = self.registered.institutions.get(code)?;
        let contact = self.contacts.get(code).cloned().unwrap_or_default();
        Some(PresentEntry { state: row.state(contact), closed: row.closed_at.is_some() })
    }

    fn account(&self, account: &AccountId) -> AccountStanding {
        match self.registered.accounts.get(account) {
            Some(present) if present.closed => AccountStanding::Closed,
            Some(_) => AccountStanding::Open,
            None => AccountStanding::Unknown,
        }
    }
}

impl AccountGround for RegisteredEntries {
    fn present(&self, account: &AccountId) -> Option<PresentAccount> {
        self.accounts.get(account).cloned()
    }

    fn takes_trial(&self) -> bool {
        self.takes_trial
    }

    fn networks(&self, text: &str) -> Result<String, String> {
        SourceNetworks::parse(text).map(|networks| networks.to_string()).map_err(|error| error.to_string())
    }
}

/// A table that somebody brought. `Debug` does not show its cells, which may say whom to call.
#[derive(Clone)]
pub struct BroughtTable {
    /// What it is about, by its heading.
    pub subject: ImportSubject,
    /// SM3 of the file.
    pub digest: [u8; 32],
    table: Table,
}

impl fmt::Debug for BroughtTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BroughtTable({:?}, {} rows)", self.subject, self.table.rows.len())
    }
}

/// What a table comes to.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What it is about.
    pub subject: ImportSubject,
    /// Its rows, but for those that change nothing.
    pub lines: Vec<ImportLine>,
    /// How many there are of each kind.
    pub counts: ImportCounts,
    /// The smallest area that has all of its institutions; nothing of accounts, when none was readable, or when they are of several
    /// provinces.
    pub region: Option<Area>,
    /// Whether somebody is cut off.
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
pub fn read_table(bytes: &[u8]) -> Result<BroughtTable, ImportError> {
    let templates = ImportSubject::ALL.map(template);
    let read = yanmi_sheet::read_one_of(bytes, &templates);
    let (which, table) = read.map_err(|error: SheetError| ImportError::Sheet(error))?;
    if table.rows.is_empty() {
        return Err(ImportError::NoRow);
    }
    Ok(BroughtTable { subject: ImportSubject::ALL[which], digest: Sm3::digest(bytes).into(), table })
}

/// Compares a table with what is registered, for somebody who may change institutions in these areas, or accounts.
///
/// # Errors
/// When whom to call about one of its institutions does not open.
pub fn compare(
    brought: &BroughtTable,
    ground: &RegisteredEntries,
    reach: &[Area],
) -> Result<Comparison, AdministrationError> {
    let BroughtTable { subject, table, .. } = brought;
    let mut result = Comparison {
        subject: *subject,
        lines: Vec::new(),
        counts: ImportCounts::default(),
        region: None,
        cuts_off: false,
        samples: samples(table),
        encoding: table.encoding.name(),
    };
    let mut areas = Areas::default();
    let opened = ground.opened(table)?;
    let mut institutions = ImportCheck::new(&opened, reach, MAX_ACCOUNTS);
    let mut accounts = AccountCheck::new(ground);
    for row in &table.rows {
        let cells: Vec<ImportCell<'_>> = row.cells.iter().map(cell).collect();
        let (object, verdict) = match subject {
            ImportSubject::Institutions => {
                let (code, verdict) = institutions.row(row.number, &cells);
                (code.map(Object::Institution), verdict)
            }
            ImportSubject::Accounts => {
                let (id, verdict) = accounts.row(row.number, &cells);
                (id.map(Object::Account), verdict)
            }
        };
        if let (RowVerdict::Same, Some(Object::Institution(code))) = (&verdict, &object)
            && let Some(present) = ground.institutions.get(code)
        {
            areas.add(present.region);
        }
        result.take(brought, row, (object, verdict), &mut areas);
    }
    result.region = areas.all;
    Ok(result)
}

fn cell(read: &Cell) -> ImportCell<'_> {
    match read {
        Cell::Empty => ImportCell::Empty,
        Cell::Text(text) => ImportCell::Text(text),
        Cell::Number(text) => ImportCell::Number(text),
    }
}

impl Comparison {
    /// Counts a row, and keeps it unless it changes nothing.
    fn take(
        &mut self,
        brought: &BroughtTable,
        row: &TableRow,
        (object, verdict): (Option<Object>, RowVerdict),
        areas: &mut Areas,
    ) {
        let line = ImportLine {
            line: row.number,
            object,
            before: None,
            after: None,
            fault: None,
            outcome: None,
            note: None,
        };
        let mut add = |state: &RowState| state.place().into_iter().for_each(|place| areas.add(place));
        let line = match verdict {
            RowVerdict::Same => {
                self.counts.same += 1;
                return;
            }
            RowVerdict::New(after) => {
                self.counts.added += 1;
                add(&after);
                ImportLine { after: Some(after), ..line }
            }
            RowVerdict::Changed { before, after } => {
                self.counts.changed += 1;
                self.cuts_off |= before.loses_by(&after);
                add(&before);
                add(&after);
                ImportLine { before: Some(before), after: Some(after), ..line }
            }
            RowVerdict::Faulty(faults) => {
                self.counts.faulty += 1;
                let faults = faults.into_iter().map(|fault| told(brought, row, &fault)).collect();
                ImportLine { fault: Some(faulty(brought.subject, row, faults)), ..line }
            }
        };
        self.lines.push(line);
    }
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

/// The cells of a row that cannot be done. Those of a contact are at the end, and left out where all are empty.
fn faulty(subject: ImportSubject, row: &TableRow, faults: Vec<CellFault>) -> FaultyLine {
    let is_contact = |field: &&ImportField| matches!(field, ImportField::Contact(_));
    let (all, contact) = (subject.fields().len(), subject.fields().iter().filter(is_contact).count());
    let first = all - contact;
    let has_contact = row.cells.iter().take(all).skip(first).any(|cell| !cell.as_str().is_empty());
    let kept = if has_contact { all } else { first };
    let cells = row.cells.iter().take(kept).map(|cell| cell.as_str().to_owned()).collect();
    FaultyLine { cells, faults, has_contact }
}

fn told(brought: &BroughtTable, row: &TableRow, fault: &RowFault) -> CellFault {
    let at = brought.subject.fields().iter().position(|field| *field == fault.field).unwrap_or(0);
    CellFault {
        cell: brought.table.cell_name(row.number, at),
        column: fault.field.name().to_owned(),
        value: fault.value.clone(),
        problem: fault.problem.to_string(),
    }
}

fn samples(table: &Table) -> String {
    let names = table.rows.iter().filter_map(|row| row.cells.get(1)).map(Cell::as_str);
    names.filter(|name| !name.is_empty()).take(SAMPLES).collect::<Vec<_>>().join("、")
}
