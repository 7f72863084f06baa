//! A token, its credential, its channel, and a clock: what every test begins with.

use std::time::Duration;

use yanmi_protocol::{Amount, ChannelId, NoticeNo, SerialNo, UnixMillis};
use yanmi_verification::notify::{Notify, Step, notify};
use yanmi_verification::password_free::FreeStep;
use yanmi_verification::status::{Status, status};
use yanmi_verification::{
    Budget, ChannelFacts, ChannelRecord, Credential, Facts, FreeUse, Identity, IdentityKey, PasswordFree,
    PersonKey, Policy, Refusal, Verification, Ways,
};

pub(crate) const START: UnixMillis = UnixMillis::new(1_763_869_440_000);

/// Everything that is kept about one token at one institution, as a ledger would.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) credential: Option<Credential>,
    pub(crate) channel: Option<ChannelFacts>,
    pub(crate) budget: Budget,
    pub(crate) free: Option<PasswordFree>,
    pub(crate) free_use: Option<FreeUse>,
    pub(crate) not_me: Option<UnixMillis>,
    pub(crate) verification: Option<Verification>,
    pub(crate) policy: Policy,
    pub(crate) now: UnixMillis,
    next: u64,
}

pub(crate) fn yuan(amount: &str) -> Amount {
    amount.parse().expect("an amount")
}

impl Scene {
    pub(crate) fn new() -> Self {
        let credential = Credential {
            person: PersonKey([1; 16]),
            identity_key: IdentityKey([2; 16]),
            channel: ChannelId::new("app").expect("a channel"),
            active: true,
            identity: Identity::Complete,
            authorized: true,
            password_set: true,
            decoded_at: START,
        };
        let channel = ChannelFacts {
            record: ChannelRecord::Active,
            settlement: true,
            password_free: false,
            ways: Ways::ALL,
            word: None,
        };
        Self {
            credential: Some(credential),
            channel: Some(channel),
            budget: Budget::default(),
            free: None,
            free_use: None,
            not_me: None,
            verification: None,
            policy: Policy::default(),
            now: START,
            next: NoticeNo::FIRST,
        }
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            credential: self.credential.as_ref(),
            channel: self.channel.as_ref(),
            budget: self.budget,
            free: self.free,
            free_use: self.free_use,
            not_me: self.not_me,
            verification: self.verification,
        }
    }

    /// The number of the next notice.
    pub(crate) fn number_from(&mut self, next: u64) {
        self.next = next;
    }

    /// The number of the notice after those that were asked for.
    pub(crate) fn numbered_to(&self) -> u64 {
        self.next
    }

    pub(crate) fn forward(&mut self, span: Duration) {
        self.now = self.now.plus(span);
    }

    /// Asks for a notice and keeps what comes of it.
    pub(crate) fn notify(&mut self, amount: Option<&str>) -> Result<Step, Refusal> {
        let fresh = NoticeNo::from_number(self.next).expect("a number");
        let serial = SerialNo::from_parts(self.next, self.now).expect("a serial");
        self.next += 1;
        let command = Notify { amount: amount.map(yuan), fresh, serial };
        let step = notify(&self.facts(), command, self.now, &self.policy)?;
        match step {
            Step::Deliver { next, budget, .. } => {
                self.verification = Some(next);
                self.budget = budget;
            }
            Step::Stands { next } => self.verification = Some(next),
            Step::Free(step) => self.let_through(step),
        }
        Ok(step)
    }

    pub(crate) fn let_through(&mut self, step: FreeStep) {
        match step {
            FreeStep::Counted { setting, used } => {
                self.free = Some(setting);
                self.free_use = Some(used);
            }
            FreeStep::Again { used, .. } => self.free_use = Some(used),
        }
    }

    pub(crate) fn status(&self) -> Result<Status, Refusal> {
        status(&self.facts(), self.now, &self.policy)
    }

    pub(crate) fn current(&self) -> Verification {
        self.verification.expect("a verification")
    }
}
