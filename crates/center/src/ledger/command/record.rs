//! Something happened that changes nothing.

use yanmi_verification::Event;

use crate::ledger::key::Key;
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};
use crate::ledger::table::audit::Audited;

/// Something happened that changes nothing.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) key: Option<Key>,
    pub(crate) event: Event,
}

impl Command for Record {
    type Answer = ();

    fn needs(&self) -> Needs<'_> {
        Needs { key: self.key, ..Needs::default() }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) {
        match &self.key {
            Some(key) => work.audit(key, self.event, None, None, None, with),
            None => work.audit_entry(&Audited::new(with.now, self.event)),
        }
    }
}
