//! The channel took the notice.

use yanmi_protocol::NoticeNo;
use yanmi_verification::delivery;

use crate::ledger::key::Key;
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};

/// The channel took the notice. Nothing is changed when it is no longer the one that counts.
#[derive(Debug)]
pub(crate) struct MarkDelivered {
    pub(crate) key: Key,
    pub(crate) notice: NoticeNo,
}

impl Command for MarkDelivered {
    type Answer = ();

    fn needs(&self) -> Needs<'_> {
        Needs { only_verification: true, ..Needs::of_key(self.key) }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) {
        let current = work.verification(&self.key);
        if let Some((next, event)) = current.and_then(|v| delivery::delivered(&v, self.notice, with.now)) {
            work.change(&self.key, next, None);
            work.audit(&self.key, event, None, None, None, with);
        }
    }
}
