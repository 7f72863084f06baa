//! What is registered of an account, as far as a table says it.

use std::num::NonZeroU32;

use super::ImportField;
use super::field::active_word;

/// The words of interfaces, in the order they are registered in.
pub(super) const INTERFACES: [&str; 4] = ["notify", "status", "password", "decode"];
/// What a new account may call unless its row says otherwise.
pub(super) const NEW_INTERFACES: [&str; 2] = ["notify", "status"];
/// Whether a mac is demanded: not, and yes.
pub(super) const MAC_WORDS: [&str; 2] = ["有则核对", "必须"];

/// What is registered of an account, as far as a table says it. Its keys are not of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountState {
    /// What people call it.
    pub name: String,
    /// The words of the interfaces it may call, in the order they are registered in.
    pub interfaces: Vec<&'static str>,
    /// Requests a second; nothing for what the configuration says.
    pub rate: Option<NonZeroU32>,
    /// Whether its envelopes have to carry a mac.
    pub must_mac: bool,
    /// Where its envelopes may come from, as it is registered; empty for anywhere.
    pub networks: String,
    /// Whether it may call at all.
    pub active: bool,
}

impl AccountState {
    /// The words of interfaces that are registered, in order; nothing when one is not known.
    pub fn interfaces_of(words: &str) -> Option<Vec<&'static str>> {
        let words: Vec<&str> = words.split(',').filter(|word| !word.is_empty()).collect();
        let known = words.iter().all(|word| INTERFACES.contains(word));
        known.then(|| INTERFACES.into_iter().filter(|word| words.contains(word)).collect())
    }

    pub(super) fn text(&self, field: ImportField) -> String {
        let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        match field {
            ImportField::AccountName => self.name.clone(),
            ImportField::Interfaces => or_dash(self.interfaces.join(",")),
            ImportField::Rate => or_dash(self.rate.map_or_else(String::new, |rate| rate.to_string())),
            ImportField::Mac => MAC_WORDS[usize::from(self.must_mac)].to_owned(),
            ImportField::Networks => or_dash(self.networks.clone()),
            ImportField::Active => active_word(self.active).to_owned(),
            _ => String::new(),
        }
    }

    /// Whether somebody who calls with it may be cut off by its becoming `after`.
    pub(super) fn loses_by(&self, after: &Self) -> bool {
        (self.active && !after.active)
            || self.interfaces.iter().any(|word| !after.interfaces.contains(word))
            || (!self.must_mac && after.must_mac)
            || (self.networks != after.networks && !after.networks.is_empty())
    }
}
