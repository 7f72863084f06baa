//! The channel, or the center's own page, reports what the person did.

use yanmi_protocol::NoticeNo;
use yanmi_verification::conclude::{self, Concluded, Conclusion};
use yanmi_verification::{Event, Refusal};

use crate::ledger::key::{FaceKey, Key};
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};

/// What the person did, its proof checked.
#[derive(Debug)]
pub(crate) struct Conclude {
    pub(crate) key: Key,
    pub(crate) notice: NoticeNo,
    pub(crate) conclusion: Conclusion,
    /// The name of somebody who confirmed for the person, sealed.
    pub(crate) confirmer: Option<Vec<u8>>,
    /// By which way the report came, for the audit; nothing for the channel's own.
    pub(crate) by: Option<&'static str>,
    /// The face authorization that proves it.
    pub(crate) face: Option<FaceKey>,
}

impl Command for Conclude {
    /// Whether it counts, or the rule that says no; nothing changed then.
    type Answer = Result<(), Refusal>;

    fn needs(&self) -> Needs<'_> {
        Needs { face: self.face, ..Needs::of_key(self.key) }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> Result<(), Refusal> {
        let current = work.verification(&self.key).ok_or(Refusal::NoticeNotLive)?;
        match conclude::conclude(&current, self.notice, self.conclusion, with.now, with.policy)? {
            Concluded::Repeated => {}
            Concluded::Changed { next, event } => {
                if let Some(face) = self.face {
                    work.use_face(face, self.notice, with)?;
                }
                work.change(&self.key, next, None);
                work.audit(&self.key, event, next.amount, self.by, self.confirmer.as_deref(), with);
                if event == Event::NotMe {
                    work.said_not_me(&self.key, with);
                }
            }
        }
        Ok(())
    }
}
