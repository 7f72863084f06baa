//! What a batch does about password-free settlement (V10).

use yanmi_protocol::Amount;
use yanmi_verification::password_free::FreeStep;
use yanmi_verification::status::{self, Status};
use yanmi_verification::{Credential, Event, PasswordFree};

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
        self.free.insert((credential.person, credential.channel), step.setting);
        self.changes.free(credential.person, credential.channel, &step.setting);
        self.changes.free_use(key, step.used);
        self.changes.free_payment(key, credential, step.used, with.now);
        if let Some(loaded) = self.facts.get_mut(key) {
            loaded.free_use = Some(step.used);
        }
        self.audit(key, Event::FreeUsed, step.used.amount, None, None, with);
        Outcome::Free
    }

    pub(super) fn switch_free(&mut self, switch: &FreeSwitch, with: Circumstances<'_>) -> Outcome {
        let before = self.free.get(&(switch.person, switch.channel));
        let (day, used) = before.map_or((with.now.shanghai_day(), 0), |b| (b.day, b.used));
        let zero = Amount::from_fen(0);
        let (Ok(zero), spent) = (zero, before.map(|b| b.spent)) else { return Outcome::Done };
        // What was used today stays used: switching off and on again gives nothing back.
        let setting = PasswordFree {
            open: switch.open,
            single_limit: switch.single_limit,
            day_limit: switch.day_limit,
            day_count: switch.day_count,
            day,
            spent: spent.unwrap_or(zero),
            used,
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
