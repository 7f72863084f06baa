//! What a row asks for.

use std::collections::BTreeMap;

use yanmi_protocol::{AccountId, OrgCode, display};

use super::field::active_word;
use super::{EntryState, ImportCell, ImportField, PresentEntry, Problem, RowFault};
use crate::area::{Area, Level};

/// What a cell that empties something holds.
const EMPTY: &str = "-";

/// Whether an institution can be registered with an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountStanding {
    /// It can.
    Open,
    /// There is none of this code.
    Unknown,
    /// It was closed for good.
    Closed,
}

/// What rows are read against.
pub trait ImportGround {
    /// What is registered under a code.
    fn entry(&self, code: &OrgCode) -> Option<PresentEntry>;
    /// Whether there is such an account.
    fn account(&self, account: &AccountId) -> AccountStanding;
}

/// What a row is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowVerdict {
    /// It asks for what is there.
    Same,
    /// There is no such institution yet.
    New(EntryState),
    /// It asks for something else than what is there.
    Changed {
        /// What is there.
        before: EntryState,
        /// What it is to become.
        after: EntryState,
    },
    /// It cannot be done.
    Faulty(Vec<RowFault>),
}

/// A table that is read, row after row.
#[derive(Debug)]
pub struct ImportCheck<'a, G> {
    ground: &'a G,
    reach: &'a [Area],
    most_accounts: usize,
    /// The first row of each code.
    seen: BTreeMap<OrgCode, u32>,
}

/// What the cells of a row say; nothing where they leave something as it is.
#[derive(Default)]
struct Wish {
    name: Option<String>,
    region: Option<Area>,
    accounts: Option<Vec<AccountId>>,
    active: Option<bool>,
}

/// The faults of a row, each with its cell.
struct Faults<'a> {
    cells: &'a [ImportCell<'a>; 5],
    all: Vec<RowFault>,
}

impl Faults<'_> {
    fn cell(&self, field: ImportField) -> ImportCell<'_> {
        let at = ImportField::ALL.iter().position(|other| *other == field).unwrap_or(0);
        self.cells[at]
    }

    fn add(&mut self, field: ImportField, problem: Problem) {
        let value = self.cell(field).as_str().to_owned();
        self.all.push(RowFault { field, value, problem });
    }
}

impl<'a, G: ImportGround> ImportCheck<'a, G> {
    /// For somebody who may change what is in these areas.
    pub fn new(ground: &'a G, reach: &'a [Area], most_accounts: usize) -> Self {
        Self { ground, reach, most_accounts, seen: BTreeMap::new() }
    }

    /// Reads a row; its code, where it has one, and what it is. The cells are in the order of [`ImportField::ALL`].
    pub fn row(&mut self, number: u32, cells: &[ImportCell<'_>; 5]) -> (Option<OrgCode>, RowVerdict) {
        let mut faults = Faults { cells, all: Vec::new() };
        let Some(code) = code(&mut faults) else { return (None, RowVerdict::Faulty(faults.all)) };
        let first = *self.seen.entry(code).or_insert(number);
        if first != number {
            faults.add(ImportField::Code, Problem::Twice(first));
            return (Some(code), RowVerdict::Faulty(faults.all));
        }
        let present = self.ground.entry(&code);
        if present.as_ref().is_some_and(|present| !self.reaches(present.state.region)) {
            faults.add(ImportField::Code, Problem::OutOfReach);
            return (Some(code), RowVerdict::Faulty(faults.all));
        }
        let wish = self.wish(&mut faults);
        if present.as_ref().is_some_and(|present| present.closed) {
            faults.add(ImportField::Code, Problem::Closed);
        }
        (Some(code), verdict(present.map(|present| present.state), wish, faults))
    }

    fn reaches(&self, place: Area) -> bool {
        self.reach.iter().any(|area| area.covers(&place))
    }

    fn wish(&self, faults: &mut Faults<'_>) -> Wish {
        Wish {
            name: name(faults),
            region: self.region(faults),
            accounts: self.accounts(faults),
            active: active(faults),
        }
    }

    fn region(&self, faults: &mut Faults<'_>) -> Option<Area> {
        // Six digits are six digits, whatever a spreadsheet holds them as.
        let text = faults.cell(ImportField::Region).as_str();
        if text.is_empty() {
            return None;
        }
        let region = Area::new(text).ok().filter(|area| area.level() == Level::County);
        match region {
            Some(region) if self.reaches(region) => return Some(region),
            Some(_) => faults.add(ImportField::Region, Problem::OutOfReach),
            None if text == EMPTY => faults.add(ImportField::Region, Problem::Kept),
            None => faults.add(ImportField::Region, Problem::Region),
        }
        None
    }

    fn accounts(&self, faults: &mut Faults<'_>) -> Option<Vec<AccountId>> {
        let text = text_of(faults, ImportField::Accounts)?;
        let mut accounts = Vec::new();
        for part in text.split([';', '；']).map(str::trim).filter(|part| !part.is_empty() && text != EMPTY) {
            let Ok(account) = AccountId::new(part) else {
                faults.add(ImportField::Accounts, Problem::AccountForm(part.to_owned()));
                continue;
            };
            match self.ground.account(&account) {
                AccountStanding::Open => accounts.push(account),
                AccountStanding::Unknown => {
                    faults.add(ImportField::Accounts, Problem::UnknownAccount(part.to_owned()));
                }
                AccountStanding::Closed => {
                    faults.add(ImportField::Accounts, Problem::ClosedAccount(part.to_owned()));
                }
            }
        }
        accounts.sort_unstable();
        accounts.dedup();
        if accounts.len() > self.most_accounts {
            faults.add(ImportField::Accounts, Problem::ManyAccounts(self.most_accounts));
        }
        Some(accounts)
    }
}

fn code(faults: &mut Faults<'_>) -> Option<OrgCode> {
    let problem = match faults.cell(ImportField::Code) {
        ImportCell::Text(text) => match OrgCode::new(text) {
            Ok(code) => return Some(code),
            Err(_) => Problem::Code,
        },
        ImportCell::Number(_) => Problem::NotText,
        ImportCell::Empty => Problem::Code,
    };
    faults.add(ImportField::Code, problem);
    None
}

/// A cell that has to be a text where it is anything.
fn text_of(faults: &mut Faults<'_>, field: ImportField) -> Option<String> {
    match faults.cell(field) {
        ImportCell::Empty => None,
        ImportCell::Text(text) => Some(text.to_owned()),
        ImportCell::Number(_) => {
            faults.add(field, Problem::NotText);
            None
        }
    }
}

fn name(faults: &mut Faults<'_>) -> Option<String> {
    let name = text_of(faults, ImportField::Name)?;
    let problem = match display::check(&name) {
        _ if name == EMPTY => Problem::Kept,
        Ok(()) => return Some(name),
        Err(trick) => Problem::Name(trick),
    };
    faults.add(ImportField::Name, problem);
    None
}

fn active(faults: &mut Faults<'_>) -> Option<bool> {
    let text = faults.cell(ImportField::Active).as_str();
    let found = [true, false].into_iter().find(|active| active_word(*active) == text);
    if found.is_none() && !text.is_empty() {
        let problem = if text == EMPTY { Problem::Kept } else { Problem::Active };
        faults.add(ImportField::Active, problem);
    }
    found
}

fn verdict(before: Option<EntryState>, wish: Wish, mut faults: Faults<'_>) -> RowVerdict {
    let Some(before) = before else {
        let needed = [ImportField::Name, ImportField::Region, ImportField::Accounts];
        for field in needed {
            // A dash for the accounts of a new one says as little.
            let text = faults.cell(field).as_str();
            if text.is_empty() || (field == ImportField::Accounts && text == EMPTY) {
                faults.add(field, Problem::Needed);
            }
        }
        return match (wish.name, wish.region, wish.accounts) {
            (Some(name), Some(region), Some(accounts)) if faults.all.is_empty() && !accounts.is_empty() => {
                RowVerdict::New(EntryState { name, region, accounts, active: wish.active.unwrap_or(true) })
            }
            _ => {
                if faults.all.is_empty() {
                    // Separators and nothing between.
                    faults.add(ImportField::Accounts, Problem::Needed);
                }
                RowVerdict::Faulty(faults.all)
            }
        };
    };
    if !faults.all.is_empty() {
        return RowVerdict::Faulty(faults.all);
    }
    let after = EntryState {
        name: wish.name.unwrap_or_else(|| before.name.clone()),
        region: wish.region.unwrap_or(before.region),
        accounts: wish.accounts.unwrap_or_else(|| before.accounts.clone()),
        active: wish.active.unwrap_or(before.active),
    };
    if before == after { RowVerdict::Same } else { RowVerdict::Changed { before, after } }
}
