//! What both databases are asked for.

use crate::ledger::Ledger;
use crate::ledger::machine::cuts::kind::{Kind, Told};

/// A row somebody holds; each is about the same person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Held {
    Token,
    Person,
    Document,
    Face,
}

impl Held {
    pub(super) const ALL: &[Self] = &[Self::Token, Self::Person, Self::Document, Self::Face];
}

/// How often it is looked whether somebody waits.
const LOOKS: usize = 20_000;

/// Two ledgers on one database, and somebody who looks at it past them.
pub(super) trait Place {
    /// One of the ledgers.
    fn ledger(&self, number: usize) -> Ledger;
    /// Keeps the rows of now, to begin from them again and again.
    async fn keep(&mut self);
    async fn put_back(&mut self);
    /// Every row of every table.
    async fn rows(&mut self) -> Vec<String>;
    /// Holds a row.
    async fn hold(&mut self, held: Held);
    async fn let_go(&mut self);
    /// How many sessions wait for others, a moment later.
    async fn waiting(&mut self) -> usize;
}

/// What became of a command.
pub(super) fn words(told: Told) -> String {
    told.map_or_else(|error| format!("{error:?}"), |decided| decided.answer)
}

/// A command at one of the ledgers; until it is decided, or waits.
pub(super) async fn begin(
    place: &mut impl Place,
    (number, kind): (usize, Kind),
) -> tokio::task::JoinHandle<String> {
    let (ledger, before) = (place.ledger(number), place.waiting().await);
    let begun = tokio::spawn(async move { words(kind.act(&ledger, 0).await) });
    for _ in 0..LOOKS {
        if begun.is_finished() || place.waiting().await > before {
            return begun;
        }
    }
    panic!("{kind:?} neither ends nor waits");
}
