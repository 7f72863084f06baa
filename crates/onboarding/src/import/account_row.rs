//! What a row about an account asks for. An account belongs to no county: whether somebody may bring a table of accounts at
//! all is asked before it is read.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use yanmi_protocol::AccountId;

use super::account_state::{AccountState, INTERFACES, MAC_WORDS, NEW_INTERFACES};
use super::cells::{EMPTY, RowCells};
use super::{ImportCell, ImportField, ImportSubject, Problem, RowState, RowVerdict};

/// An account that is registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PresentAccount {
    /// What is registered.
    pub state: AccountState,
    /// Whether it was closed for good.
    pub closed: bool,
}

/// What rows about accounts are read against.
pub trait AccountGround {
    /// What is registered under a code.
    fn present(&self, account: &AccountId) -> Option<PresentAccount>;
    /// Whether accounts of joint debugging (`t-`) are registered here.
    fn takes_trial(&self) -> bool;
    /// Networks as they are registered, from the same separated by commas.
    ///
    /// # Errors
    /// What is wrong with them, for the operator.
    fn networks(&self, text: &str) -> Result<String, String>;
}

/// A table of accounts that is read, row after row.
#[derive(Debug)]
pub struct AccountCheck<'a, G> {
    ground: &'a G,
    /// The first row of each code.
    seen: BTreeMap<AccountId, u32>,
}

/// What the cells of a row say; nothing where they leave something as it is.
struct AccountWish {
    name: Option<String>,
    interfaces: Option<Vec<&'static str>>,
    rate: RateWish,
    must_mac: Option<bool>,
    networks: Option<String>,
    active: Option<bool>,
}

/// What a row says of requests a second.
#[derive(Clone, Copy)]
enum RateWish {
    /// Nothing.
    Stay,
    /// What the configuration says.
    Default,
    /// This many.
    Number(NonZeroU32),
}

impl RateWish {
    const fn or(self, before: Option<NonZeroU32>) -> Option<NonZeroU32> {
        match self {
            Self::Stay => before,
            Self::Default => None,
            Self::Number(rate) => Some(rate),
        }
    }
}

impl<'a, G: AccountGround> AccountCheck<'a, G> {
    /// For somebody who may change accounts.
    pub const fn new(ground: &'a G) -> Self {
        Self { ground, seen: BTreeMap::new() }
    }

    /// Reads a row; its code, where it has one, and what it is. The cells are in the order of [`ImportSubject::fields`].
    pub fn row(&mut self, number: u32, cells: &[ImportCell<'_>]) -> (Option<AccountId>, RowVerdict) {
        let mut cells = RowCells::new(ImportSubject::Accounts, cells);
        let code = cells.code(ImportField::Account, Problem::Account, |text| AccountId::new(text).ok());
        let Some(code) = code else { return (None, RowVerdict::Faulty(cells.faults)) };
        let first = *self.seen.entry(code).or_insert(number);
        if first != number {
            cells.add(ImportField::Account, Problem::Twice(first));
            return (Some(code), RowVerdict::Faulty(cells.faults));
        }
        let wish = AccountWish {
            name: cells.name(ImportField::AccountName),
            interfaces: interfaces(&mut cells),
            rate: rate(&mut cells),
            must_mac: must_mac(&mut cells),
            networks: self.networks(&mut cells),
            active: cells.active(),
        };
        let present = self.ground.present(&code);
        if present.is_none() && code.is_trial() && !self.ground.takes_trial() {
            cells.add(ImportField::Account, Problem::Trial);
        }
        if present.as_ref().is_some_and(|present| present.closed) {
            cells.add(ImportField::Account, Problem::Closed);
        }
        (Some(code), verdict(present.map(|present| present.state), wish, cells))
    }

    fn networks(&self, cells: &mut RowCells<'_>) -> Option<String> {
        let text = cells.text(ImportField::Networks)?;
        if text == EMPTY {
            return Some(String::new());
        }
        match self.ground.networks(&parts(text).join(",")) {
            Ok(networks) => Some(networks),
            Err(why) => {
                cells.add(ImportField::Networks, Problem::Networks(why));
                None
            }
        }
    }
}

/// What stands between separators, whichever somebody uses.
fn parts(text: &str) -> Vec<&str> {
    text.split([',', '，', ';', '；', '、']).map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn interfaces(cells: &mut RowCells<'_>) -> Option<Vec<&'static str>> {
    let text = cells.text(ImportField::Interfaces)?;
    if text == EMPTY {
        return Some(Vec::new());
    }
    let words = parts(text);
    if let Some(unknown) = words.iter().find(|word| !INTERFACES.contains(word)) {
        cells.add(ImportField::Interfaces, Problem::Interface((*unknown).to_owned()));
        return None;
    }
    Some(INTERFACES.into_iter().filter(|word| words.contains(word)).collect())
}

fn rate(cells: &mut RowCells<'_>) -> RateWish {
    // A number is a number, whatever a spreadsheet holds it as.
    match cells.cell(ImportField::Rate).as_str() {
        "" => RateWish::Stay,
        EMPTY => RateWish::Default,
        text => {
            if let Ok(rate) = text.parse() {
                return RateWish::Number(rate);
            }
            cells.add(ImportField::Rate, Problem::Rate);
            RateWish::Stay
        }
    }
}

fn must_mac(cells: &mut RowCells<'_>) -> Option<bool> {
    let text = cells.text(ImportField::Mac)?;
    let found = MAC_WORDS.iter().position(|word| *word == text);
    if found.is_none() {
        cells.add(ImportField::Mac, if text == EMPTY { Problem::Kept } else { Problem::Mac });
    }
    found.map(|at| at == 1)
}

fn verdict(before: Option<AccountState>, wish: AccountWish, mut cells: RowCells<'_>) -> RowVerdict {
    if before.is_none() && cells.cell(ImportField::AccountName).as_str().is_empty() {
        cells.add(ImportField::AccountName, Problem::Needed);
    }
    if !cells.faults.is_empty() {
        return RowVerdict::Faulty(cells.faults);
    }
    let ground = before.clone().unwrap_or_else(|| AccountState {
        name: String::new(),
        interfaces: NEW_INTERFACES.to_vec(),
        rate: None,
        must_mac: false,
        networks: String::new(),
        active: true,
    });
    let after = AccountState {
        name: wish.name.unwrap_or(ground.name),
        interfaces: wish.interfaces.unwrap_or(ground.interfaces),
        rate: wish.rate.or(ground.rate),
        must_mac: wish.must_mac.unwrap_or(ground.must_mac),
        networks: wish.networks.unwrap_or(ground.networks),
        active: wish.active.unwrap_or(ground.active),
    };
    match before {
        None => RowVerdict::New(RowState::Account(after)),
        Some(before) => RowVerdict::of_change(RowState::Account(before), RowState::Account(after)),
    }
}
