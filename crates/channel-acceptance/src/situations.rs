//! The situations, a table for each kind of trouble.

mod arriving;
mod network;
mod ordinary;
mod person;
mod refusals;
mod showing;

use yanmi_protocol::message::channel_notice::Way;

use crate::settings::Settings;
use crate::situation::{Needs, Situation};

/// The tables, in the order they are played.
const TABLES: [&[Situation]; 5] =
    [&arriving::TABLE, &showing::TABLE, &refusals::TABLE, &person::TABLE, &network::TABLE];

impl Situation {
    /// Every situation, in the order in which they are best played.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        TABLES.iter().flat_map(|table| table.iter())
    }

    /// The one of this name.
    pub fn named(id: &str) -> Option<usize> {
        Self::all().position(|situation| situation.id == id)
    }

    /// Whether it can be played with an app that is registered so.
    pub fn fits(&self, settings: &Settings) -> bool {
        match self.needs {
            Needs::Nothing => true,
            Needs::Way(way) => settings.ways.contains(&way),
            Needs::AnotherWay => settings.ways.contains(&Way::CredentialPassword) && settings.ways.len() > 1,
            Needs::Mac => settings.mac,
            Needs::Switch => settings.switch,
            Needs::Word => settings.word.is_some(),
        }
    }
}

#[cfg(test)]
mod tests;
