//! Bulk import of institutions or accounts: what a row of a table asks for, what is wrong with it, and what it would change.
//!
//! A row is read against what is registered and, where it is about an institution, against the reach of whoever brings it
//! ([`ImportCheck`], [`AccountCheck`]). It is one of four things: the same as what is there, new, a change, or faulty; a faulty row is never done in part. An empty cell leaves what is
//! there; a dash empties it, where that means something. Nothing is ever deleted by a table: an entry is 停用. No table has a key.
//! Whom to call about an institution is compared as it is and shown masked.
//!
//! # What is guaranteed
//!
//! * A row outside of somebody's reach tells him nothing but that: not whether there is such an institution, nor what is
//!   registered of it.
//! * What a row becomes is written down with what it was ([`RowVerdict::Changed`]), so whoever applies it later can see whether
//!   somebody has changed it meanwhile.
//! * Doing the same table twice changes nothing the second time.

mod account_row;
mod account_state;
mod cells;
mod fault;
mod field;
mod row;

pub use account_row::{AccountCheck, AccountGround, PresentAccount};
pub use account_state::AccountState;
pub use fault::{Problem, RowFault};
pub use field::{ImportCell, ImportField, ImportSubject};
pub use row::{AccountStanding, ImportCheck, ImportGround};

use std::fmt;

use yanmi_protocol::AccountId;

use crate::area::Area;
use crate::contact::{Contact, ContactField};

/// Rows that one person may change alone; more take a second one.
pub const MAX_CHANGED_ALONE: usize = 100;

/// What is registered of an institution, as far as a table says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryState {
    /// The registered name.
    pub name: String,
    /// Where it is: six digits.
    pub region: Area,
    /// The accounts it calls through, in the order of their codes, none twice.
    pub accounts: Vec<AccountId>,
    /// Whether it may be served.
    pub active: bool,
    /// Whom to call about it.
    pub contact: Contact,
}

/// An institution that is registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PresentEntry {
    /// What is registered.
    pub state: EntryState,
    /// Whether it was closed for good.
    pub closed: bool,
}

/// What is registered of what a row is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowState {
    /// Of an institution.
    Institution(EntryState),
    /// Of an account.
    Account(AccountState),
}

/// What a row is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowVerdict {
    /// It asks for what is there.
    Same,
    /// There is none of this code yet.
    New(RowState),
    /// It asks for something else than what is there.
    Changed {
        /// What is there.
        before: RowState,
        /// What it is to become.
        after: RowState,
    },
    /// It cannot be done.
    Faulty(Vec<RowFault>),
}

/// A field that becomes another, as it is shown: of a contact only a mask, which two different ones may share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldChange {
    /// Which.
    pub field: ImportField,
    /// What it was; nothing of a new entry.
    pub old: Option<String>,
    /// What it becomes.
    pub new: String,
}

/// `区划：350100 → 350102`; of a new entry what it becomes.
impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.field.name();
        match &self.old {
            Some(old) if *old == self.new => write!(f, "{name}：{old} → {}（掩去的部分不同）", self.new),
            Some(old) => write!(f, "{name}：{old} → {}", self.new),
            None => write!(f, "{name}：{}", self.new),
        }
    }
}

impl RowVerdict {
    fn of_change(before: RowState, after: RowState) -> Self {
        if before == after { Self::Same } else { Self::Changed { before, after } }
    }
}

impl From<EntryState> for RowState {
    fn from(state: EntryState) -> Self {
        Self::Institution(state)
    }
}

impl From<AccountState> for RowState {
    fn from(state: AccountState) -> Self {
        Self::Account(state)
    }
}

impl RowState {
    /// What it is registered of.
    pub const fn subject(&self) -> ImportSubject {
        match self {
            Self::Institution(_) => ImportSubject::Institutions,
            Self::Account(_) => ImportSubject::Accounts,
        }
    }

    /// Where an institution is.
    pub const fn place(&self) -> Option<Area> {
        match self {
            Self::Institution(state) => Some(state.region),
            Self::Account(_) => None,
        }
    }

    /// A field in words, as it is shown: of a contact only a mask.
    fn text(&self, field: ImportField) -> String {
        match self {
            Self::Institution(state) => state.text(field),
            Self::Account(state) => state.text(field),
        }
    }

    /// A text of a contact as it is; empty for an account, which has none.
    fn contact_text(&self, field: ContactField) -> &str {
        match self {
            Self::Institution(state) => state.contact.text(field),
            Self::Account(_) => "",
        }
    }

    /// Whether somebody is cut off by its becoming `after`.
    pub fn loses_by(&self, after: &Self) -> bool {
        match (self, after) {
            (Self::Institution(before), Self::Institution(after)) => before.loses_by(after),
            (Self::Account(before), Self::Account(after)) => before.loses_by(after),
            _ => true,
        }
    }

    /// What a new entry becomes when its import is undone: there is no deletion.
    #[must_use]
    pub fn retired(&self) -> Self {
        match self {
            Self::Institution(state) => {
                let contact = Contact::default();
                Self::Institution(EntryState {
                    active: false,
                    accounts: Vec::new(),
                    contact,
                    ..state.clone()
                })
            }
            Self::Account(state) => Self::Account(AccountState { active: false, ..state.clone() }),
        }
    }
}

impl EntryState {
    fn text(&self, field: ImportField) -> String {
        match field {
            ImportField::Name => self.name.clone(),
            ImportField::Region => self.region.to_string(),
            ImportField::Accounts if self.accounts.is_empty() => "-".to_owned(),
            ImportField::Accounts => {
                self.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(";")
            }
            ImportField::Active => field::active_word(self.active).to_owned(),
            ImportField::Contact(field) => field.masked(self.contact.text(field)),
            _ => String::new(),
        }
    }

    /// It is 停用, or loses an account.
    fn loses_by(&self, after: &Self) -> bool {
        (self.active && !after.active)
            || self.accounts.iter().any(|account| !after.accounts.contains(account))
    }
}

/// What is different, field by field.
pub fn field_changes(before: Option<&RowState>, after: &RowState) -> Vec<FieldChange> {
    // The first is the code.
    let fields = after.subject().fields().iter().skip(1).copied();
    let change = |field| {
        let (old, new) = (before.map(|before| before.text(field)), after.text(field));
        let is_changed = match field {
            // By what they are: two may look the same.
            ImportField::Contact(part) => {
                before.map_or("", |before| before.contact_text(part)) != after.contact_text(part)
            }
            _ => old.as_ref() != Some(&new),
        };
        is_changed.then_some(FieldChange { field, old, new })
    };
    fields.filter_map(change).collect()
}

/// Whether an import takes a second person: many rows, somebody who is cut off, or somebody who may not edit by himself.
pub const fn needs_second(changed: usize, cuts_off: bool, may_edit: bool) -> bool {
    changed > MAX_CHANGED_ALONE || cuts_off || !may_edit
}

#[cfg(test)]
mod tests;
