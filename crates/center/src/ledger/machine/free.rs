//! What a batch does about password-free settlement (V10).

use yanmi_protocol::ChannelId;
use yanmi_verification::password_free::FreeStep;
use yanmi_verification::{Credential, Event, FreeUse, Ground, PasswordFree, PersonKey};

use super::work::{Circumstances, Work};
use crate::ledger::key::Key;

impl Work {
    /// A payment goes through without a password: it is counted, unless it was.
    pub(in crate::ledger) fn free_used(
        &mut self,
        key: &Key,
        credential: &Credential,
        step: FreeStep,
        with: Circumstances<'_>,
    ) {
        let used = match step {
            FreeStep::Again { used, returned } => {
                if returned {
                    self.keep_use(key, used);
                }
                used
            }
            FreeStep::Counted { setting, used } => {
                self.set_free(credential.person, credential.channel, setting);
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
    }

    fn keep_use(&mut self, key: &Key, used: FreeUse) {
        self.changes.free_use(key, used);
        if let Some(loaded) = self.facts.get_mut(key) {
            loaded.free_use = Some(used);
        }
    }

    /// What a person has set in a channel.
    pub(in crate::ledger) fn free_setting(&self, person: PersonKey, channel: ChannelId) -> PasswordFree {
        self.free.get(&(person, channel)).copied().unwrap_or(PasswordFree::NONE)
    }

    pub(in crate::ledger) fn set_free(
        &mut self,
        person: PersonKey,
        channel: ChannelId,
        setting: PasswordFree,
    ) {
        self.free.insert((person, channel), setting);
        self.changes.free(person, channel, &setting);
    }
}
