//! What a row about an institution asks for.

use std::collections::BTreeMap;

use yanmi_protocol::{AccountId, OrgCode};

use super::cells::{EMPTY, RowCells};
use super::{
    EntryState, ImportCell, ImportField, ImportSubject, PresentEntry, Problem, RowState, RowVerdict,
};
use crate::area::{Area, Level};
use crate::contact::{Contact, ContactField};

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

/// What rows about institutions are read against.
pub trait ImportGround {
    /// What is registered under a code.
    fn entry(&self, code: &OrgCode) -> Option<PresentEntry>;
    /// Whether there is such an account.
    fn account(&self, account: &AccountId) -> AccountStanding;
}

/// A table of institutions that is read, row after row.
#[derive(Debug)]
pub struct ImportCheck<'a, G> {
    ground: &'a G,
    reach: &'a [Area],
    most_accounts: usize,
    /// The first row of each code.
    seen: BTreeMap<OrgCode, u32>,
}

/// What the cells of a row say; nothing where they leave something as it is.
struct Wish<'a> {
    name: Option<String>,
    region: Option<Area>,
    accounts: Option<Vec<AccountId>>,
    active: Option<bool>,
    contact: [(ContactField, Option<&'a str>); 3],
}

impl Wish<'_> {
    /// Whom to call then.
    fn contact(&self, mut before: Contact) -> Contact {
        for (field, text) in self.contact {
            if let Some(text) = text {
                text.clone_into(before.text_mut(field));
            }
        }
        before
    }
}

impl<'a, G: ImportGround> ImportCheck<'a, G> {
    /// For somebody who may change what is in these areas.
    pub fn new(ground: &'a G, reach: &'a [Area], most_accounts: usize) -> Self {
        Self { ground, reach, most_accounts, seen: BTreeMap::new() }
    }

    /// Reads a row; its code, where it has one, and what it is. The cells are in the order of [`ImportSubject::fields`].
    pub fn row(&mut self, number: u32, cells: &[ImportCell<'_>]) -> (Option<OrgCode>, RowVerdict) {
        let mut cells = RowCells::new(ImportSubject::Institutions, cells);
        let code = cells.code(ImportField::Code, Problem::Code, |text| OrgCode::new(text).ok());
        let Some(code) = code else { return (None, RowVerdict::Faulty(cells.faults)) };
        let first = *self.seen.entry(code).or_insert(number);
        if first != number {
            cells.add(ImportField::Code, Problem::Twice(first));
            return (Some(code), RowVerdict::Faulty(cells.faults));
        }
        let present = self.ground.entry(&code);
        if present.as_ref().is_some_and(|present| !self.reaches(present.state.region)) {
            cells.add(ImportField::Code, Problem::OutOfReach);
            return (Some(code), RowVerdict::Faulty(cells.faults));
        }
        let wish = self.wish(&mut cells);
        if present.as_ref().is_some_and(|present| present.closed) {
            cells.add(ImportField::Code, Problem::Closed);
        }
        (Some(code), verdict(present.map(|present| present.state), wish, cells))
    }

    fn reaches(&self, place: Area) -> bool {
        self.reach.iter().any(|area| area.covers(&place))
    }

    fn wish<'c>(&self, cells: &mut RowCells<'c>) -> Wish<'c> {
        Wish {
            name: cells.name(ImportField::Name),
            region: self.region(cells),
            accounts: self.accounts(cells),
            active: cells.active(),
            contact: ContactField::ALL.map(|field| (field, cells.contact(field))),
        }
    }

    fn region(&self, cells: &mut RowCells<'_>) -> Option<Area> {
        // Six digits are six digits, whatever a spreadsheet holds them as.
        let text = cells.cell(ImportField::Region).as_str();
        if text.is_empty() {
            return None;
        }
        let region = Area::new(text).ok().filter(|area| area.level() == Level::County);
        match region {
            Some(region) if self.reaches(region) => return Some(region),
            Some(_) => cells.add(ImportField::Region, Problem::OutOfReach),
            None if text == EMPTY => cells.add(ImportField::Region, Problem::Kept),
            None => cells.add(ImportField::Region, Problem::Region),
        }
        None
    }

    fn accounts(&self, cells: &mut RowCells<'_>) -> Option<Vec<AccountId>> {
        let text = cells.text(ImportField::Accounts)?;
        let mut accounts = Vec::new();
        for part in text.split([';', '；']).map(str::trim).filter(|part| !part.is_empty() && text != EMPTY) {
            let Ok(account) = AccountId::new(part) else {
                cells.add(ImportField::Accounts, Problem::AccountForm(part.to_owned()));
                continue;
            };
            match self.ground.account(&account) {
                AccountStanding::Open => accounts.push(account),
                AccountStanding::Unknown => {
                    cells.add(ImportField::Accounts, Problem::UnknownAccount(part.to_owned()));
                }
                AccountStanding::Closed => {
                    cells.add(ImportField::Accounts, Problem::ClosedAccount(part.to_owned()));
                }
            }
        }
        accounts.sort_unstable();
        accounts.dedup();
        if accounts.len() > self.most_accounts {
            cells.add(ImportField::Accounts, Problem::ManyAccounts(self.most_accounts));
        }
        Some(accounts)
    }
}

fn verdict(before: Option<EntryState>, wish: Wish<'_>, mut cells: RowCells<'_>) -> RowVerdict {
    let Some(before) = before else {
        let needed = [ImportField::Name, ImportField::Region, ImportField::Accounts];
        for field in needed {
            // A dash for the accounts of a new one says as little.
            let text = cells.cell(field).as_str();
            if text.is_empty() || (field == ImportField::Accounts && text == EMPTY) {
                cells.add(field, Problem::Needed);
            }
        }
        let contact = wish.contact(Contact::default());
        return match (wish.name, wish.region, wish.accounts) {
            (Some(name), Some(region), Some(accounts)) if cells.faults.is_empty() && !accounts.is_empty() => {
                let active = wish.active.unwrap_or(true);
                RowVerdict::New(EntryState { name, region, accounts, active, contact }.into())
            }
            _ => {
                if cells.faults.is_empty() {
                    // Separators and nothing between.
                    cells.add(ImportField::Accounts, Problem::Needed);
                }
                RowVerdict::Faulty(cells.faults)
            }
        };
    };
    if !cells.faults.is_empty() {
        return RowVerdict::Faulty(cells.faults);
    }
    let contact = wish.contact(before.contact.clone());
    let after = EntryState {
        name: wish.name.unwrap_or_else(|| before.name.clone()),
        region: wish.region.unwrap_or(before.region),
        accounts: wish.accounts.unwrap_or_else(|| before.accounts.clone()),
        active: wish.active.unwrap_or(before.active),
        contact,
    };
    RowVerdict::of_change(RowState::Institution(before), RowState::Institution(after))
}
