//! The channel did not take the notice.

use yanmi_protocol::NoticeNo;
use yanmi_verification::{Undelivered, delivery};

use crate::ledger::key::Key;
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};

/// The channel did not take the notice. Nothing is changed when it is no longer the one that counts.
#[derive(Debug)]
pub(crate) struct MarkUndelivered {
    pub(crate) key: Key,
    pub(crate) notice: NoticeNo,
    pub(crate) reason: Undelivered,
}

impl Command for MarkUndelivered {
    type Answer = ();

    fn needs(&self) -> Needs<'_> {
        Needs { only_verification: true, ..Needs::of_key(self.key) }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) {
        let Self { key, notice, reason } = self;
        let current = work.verification(key);
        let step = current.and_then(|v| delivery::undelivered(&v, *notice, *reason, with.now));
        if let Some((next, event)) = step {
            work.change(key, next, None);
            work.audit(key, event, None, Some(reason.code()), None, with);
        }
    }
}
