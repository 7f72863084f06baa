//! What operators and programs did to what is registered: gapless, chained, in words.

mod chain;
mod event;
pub(crate) mod operator_events;
mod words;

pub use chain::{Break, BrokenLink, ChainReport};
pub(crate) use chain::{stretch, verify};
pub use event::{Act, Actor, MAX_ACTOR, MAX_REASON, OperatorEvent, Outcome};
pub(crate) use event::{Fields, Intent, NO_CHANGES, difference, refusal};
pub(crate) use words::change_rows;
pub use words::{action_words, change_words, field_words};
