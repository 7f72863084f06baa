//! What a batch does about password-free settlement (V10).

use yanmi_protocol::NoticeNo;
use yanmi_verification::password_free::FreeStep;
use yanmi_verification::status::{self, Status};
use yanmi_verification::{Credential, Event, FreeUse, Ground, PasswordFree, word};

use super::{Circumstances, Work};
use crate::ledger::command::{FreeSwitch, Key, Outcome};
use crate::ledger::write::Audited;

impl Work {
    pub(super) fn use_free(&mut self, key: &Key, with: Circumstances<'_>) -> Outcome {
        let facts = self.facts(key, with);
        let credential = facts.credential.copied();
        match (status::status(&facts, with.now, with.policy), credential) {
            (Ok(Status::Free(step)), Some(credential)) => self.free_used(key, &credential, step, with),
            (Ok(_), _) => Outcome::Done,
            (Err(refusal), _) => Outcome::Refused(refusal),
        }
    }

    pub(super) fn free_used(
        &mut self,
        key: &Key,
        credential: &Credential,
        step: FreeStep,
        with: Circumstances<'_>,
    ) -> Outcome {
        let used = match step {
            FreeStep::Again { used, returned } => {
                if returned {
                    self.keep_use(key, used);
                }
                used
            }
            FreeStep::Counted { setting, used } => {
                self.free.insert((credential.person, credential.channel), setting);
                self.changes.free(credential.person, credential.channel, &setting);
                self.changes.free_payment(key, credential, used, with.now);
                self.keep_use(key, used);
                used
            }
        };
        let event = match used.ground {
            Ground::Person => Event::FreeUsed,
            Ground::Channel => Event::FreeOnWord,
        };
        self.audit(key, event, used.amount, None, None, with);
        Outcome::Free
    }

    fn keep_use(&mut self, key: &Key, used: FreeUse) {
        self.changes.free_use(key, used);
        if let Some(loaded) = self.facts.get_mut(key) {
            loaded.free_use = Some(used);
        }
    }

    /// The channel says that the person pays without a password.
    pub(super) fn take_word(&mut self, key: &Key, notice: NoticeNo, with: Circumstances<'_>) -> Outcome {
        let facts = self.facts(key, with);
        let (Some(step), Some(credential)) =
            (word::take(&facts, notice, with.now, with.policy), facts.credential.copied())
        else {
            return Outcome::NotFree;
        };
        self.change(key, step.next, None);
        self.free_used(key, &credential, step.free, with)
    }

    pub(super) fn switch_free(&mut self, switch: &FreeSwitch, with: Circumstances<'_>) -> Outcome {
        let before = self.free.get(&(switch.person, switch.channel)).copied().unwrap_or(PasswordFree::NONE);
        // Other limits are no break: what was let through before them stays let through.
        let goes_on = switch.open && before.open;
        // What was used today stays used: switching off and on again gives nothing back.
        let setting = PasswordFree {
            open: switch.open,
            since: if goes_on { before.since } else { with.now },
            single_limit: switch.single_limit,
            day_limit: switch.day_limit,
            day_count: switch.day_count,
            ..before
        };
        self.free.insert((switch.person, switch.channel), setting);
        self.changes.free(switch.person, switch.channel, &setting);
        let event = if switch.open { Event::FreeOn } else { Event::FreeOff };
        self.changes.audit(&Audited {
            channel: Some(switch.channel),
            person: Some(&switch.person.0),
            ..Audited::new(with.now, event)
        });
        Outcome::Done
    }
}
