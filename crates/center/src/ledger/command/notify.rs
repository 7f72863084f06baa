//! 1.7.1: a notice is asked for.

use yanmi_protocol::{Amount, NoticeNo, SerialNo};
use yanmi_verification::notify::{self, Step};
use yanmi_verification::{Credential, Event, Refusal, Verification, Ways};

use crate::ledger::key::Key;
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};
use crate::ledger::table::tokens::TokenRecord;
use crate::ledger::table::verifications::Appearance;

/// A notice is asked for.
#[derive(Debug)]
pub(crate) struct Notify {
    pub(crate) key: Key,
    pub(crate) amount: Option<Amount>,
    /// The number of this call, and of the attempt if it opens one.
    pub(crate) number: NoticeNo,
    /// The institution's name to show, when it is not the registered one.
    pub(crate) shown_name: Option<String>,
    /// Whether the institution is told the number to compare.
    pub(crate) compared: bool,
    /// What was just learned about the token.
    pub(crate) learned: Option<Box<TokenRecord>>,
}

/// What comes of asking for a notice.
#[derive(Debug)]
pub(crate) enum NotifyDecision {
    /// The token is not held, or its life is over: ask the national center and come again.
    TokenNotHeld,
    /// A rule says no; nothing changed.
    Refused(Refusal),
    /// No password is needed.
    Free,
    /// The confirmation at hand stands.
    Stands { serial: SerialNo },
    /// Send the notice.
    Deliver(Box<Dispatch>),
}

/// What the channel is to be told.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) verification: Verification,
    pub(crate) credential: Credential,
    pub(crate) holder: Vec<u8>,
    pub(crate) ways: Ways,
    pub(crate) withdraw: Option<NoticeNo>,
    /// The notice under another token that this one takes the place of.
    pub(crate) taken_over: Option<NoticeNo>,
}

impl Command for Notify {
    type Answer = NotifyDecision;

    fn needs(&self) -> Needs<'_> {
        Needs { takes_over: true, learned: self.learned.as_deref(), ..Needs::of_key(self.key) }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> NotifyDecision {
        if let Some(learned) = &self.learned {
            work.learn(learned);
        }
        let facts = work.facts(&self.key, with);
        let Some(credential) = facts.credential.copied() else { return NotifyDecision::TokenNotHeld };
        if !credential.lives(with.now, with.policy) {
            return NotifyDecision::TokenNotHeld;
        }
        let Some(serial) = SerialNo::from_parts(self.number.number(), with.now) else {
            return NotifyDecision::Refused(Refusal::NoticeNotLive); // Every notice number has thirteen digits.
        };
        let asked = notify::Notify { amount: self.amount, fresh: self.number, serial };
        match notify::notify(&facts, asked, with.now, with.policy) {
            Err(refusal) => NotifyDecision::Refused(refusal),
            Ok(Step::Free(step)) => {
                work.free_used(&self.key, &credential, step, with);
                NotifyDecision::Free
            }
            Ok(Step::Stands { next }) => {
                work.change(&self.key, next, None);
                work.audit(&self.key, Event::Stands, next.amount, None, None, with);
                NotifyDecision::Stands { serial }
            }
            Ok(Step::Deliver { next, budget, ways, withdraw, event }) => {
                work.change(&self.key, next, Some(self.appearance()));
                work.audit(&self.key, event, next.amount, None, None, with);
                let taken_over = work.take_over(&self.key, &credential, next.notice, with);
                work.spend(credential.person, budget);
                let holder = work.holder(&self.key);
                let verification = next;
                let delivery = Dispatch { verification, credential, holder, ways, withdraw, taken_over };
                NotifyDecision::Deliver(Box::new(delivery))
            }
        }
    }
}

impl Notify {
    fn appearance(&self) -> Appearance {
        Appearance { name: self.shown_name.clone().unwrap_or_default(), compared: self.compared }
    }
}
