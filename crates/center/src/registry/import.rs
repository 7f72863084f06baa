//! Bulk import of institutions or accounts: a table is checked, decided, done in small transactions, and may be undone.
//!
//! **Checked** is the only way in: the table is compared with what is registered, and what it would change is kept row by row
//! ([`compare`], `import_rows`). Then somebody **decides** ([`ImportStep`]); many rows, somebody who is cut off, or a person
//! who may not edit by himself take a second person, who is never the one that brought it. Then its rows are **done**, a batch a
//! transaction, each with its event.
//!
//! # One lock
//!
//! Every transaction here begins by holding the row of `site`, as every other change of the registry does. So two persons who
//! decide at once come one after the other, and the second finds the state moved on. And so two processes may work at the same
//! import, or one take up what another left when it was killed: whoever holds the lock takes the first rows that are not ended
//! yet, and ends them in the same transaction. There is no claim that could be forgotten or outlive its holder.
//!
//! # What is guaranteed
//!
//! * A row is done exactly once or not at all, and never over what somebody has changed since it was checked.
//! * A table that is done as a whole ([`ImportTicks::whole`]) is one transaction: all of its rows are done, or none.
//! * Undoing takes back only what is still as the import left it; what others changed since stays, and is listed.
//! * No table has a key, and none is shown: a new account gets one that nobody knows, and is handed another one by an offer.
//! * Requests wait for a batch at most; between two batches whoever does them pauses.

mod apply;
mod apply_accounts;
mod apply_institutions;
mod check;
mod compare;
mod decide;
mod error;

pub use apply::{ImportCursor, import_pause};
pub use check::ImportFile;
pub use compare::{BroughtTable, Comparison, RegisteredEntries, compare, read_table, template};
pub use decide::{ImportDecision, ImportStep, ImportTicks, check_whole};
pub use error::ImportError;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use crate::events::{self, Act, OperatorEvent, Outcome};

/// The kind of object that events of imports are about.
const IMPORT: &str = "import";

/// An event about an import.
fn import_event(act: Act<'_>, number: i64, word: &str, outcome: Outcome, changes: String) -> OperatorEvent {
    let object = number.to_string();
    OperatorEvent::new(act, format!("{IMPORT}.{word}"), (IMPORT, &object), outcome, changes)
}

/// What is new of an import, as an event has it.
fn told(fields: Vec<(&'static str, Option<String>)>) -> String {
    events::difference(None, Some(&fields.into()))
}

impl Administration {
    /// Writes down that something about an import was refused, and refuses it.
    async fn refuse_import<T>(
        &mut self,
        act: Act<'_>,
        number: i64,
        word: &str,
        why: ImportError,
    ) -> Result<T, AdministrationError> {
        let event = import_event(act, number, word, Outcome::Refused, events::refusal(&why));
        self.note(event).await?;
        Err(why.into())
    }
}
