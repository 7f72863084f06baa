//! A token was learned outside of a notice.

use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};
use crate::ledger::table::tokens::TokenRecord;

/// A token was learned outside of a notice.
#[derive(Debug)]
pub(crate) struct Learn(pub(crate) Box<TokenRecord>);

impl Command for Learn {
    type Answer = ();

    fn needs(&self) -> Needs<'_> {
        Needs { learned: Some(&self.0), ..Needs::default() }
    }

    fn decide(&self, work: &mut Work, _with: Circumstances<'_>) {
        work.learn(&self.0);
    }
}
