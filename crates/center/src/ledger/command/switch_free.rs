//! The person switches password-free settlement (V10).

use yanmi_protocol::{Amount, ChannelId};
use yanmi_verification::{Event, PasswordFree, PersonKey};

use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};
use crate::ledger::table::audit::Audited;

/// A person's password-free switch and limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SwitchFree {
    pub(crate) person: PersonKey,
    pub(crate) channel: ChannelId,
    pub(crate) open: bool,
    pub(crate) single_limit: Option<Amount>,
    pub(crate) day_limit: Option<Amount>,
    pub(crate) day_count: Option<u32>,
}

impl Command for SwitchFree {
    type Answer = ();

    fn needs(&self) -> Needs<'_> {
        let free = Some((self.person, self.channel));
        Needs { person: Some(self.person), free, ..Needs::default() }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) {
        let before = work.free_setting(self.person, self.channel);
        // Other limits are no break: what was let through before them stays let through.
        let goes_on = self.open && before.open;
        // What was used today stays used: switching off and on again gives nothing back.
        let setting = PasswordFree {
            open: self.open,
            since: if goes_on { before.since } else { with.now },
            single_limit: self.single_limit,
            day_limit: self.day_limit,
            day_count: self.day_count,
            ..before
        };
        work.set_free(self.person, self.channel, setting);
        let event = if self.open { Event::FreeOn } else { Event::FreeOff };
        work.audit_entry(&Audited {
            channel: Some(self.channel),
            person: Some(&self.person.0),
            ..Audited::new(with.now, event)
        });
    }
}
