//! One batch: load, decide each command in order, write, commit.
//!
//! A later command of the batch sees what an earlier one changed, for both look at the same working facts. Which
//! rule decides which command is all there is here; the rules themselves are in the verification crate.

mod claim;
mod facts;
mod free;
mod guard;
mod handoff;
mod tries;

use hashbrown::{HashMap, HashSet};
use yanmi_protocol::{ChannelId, EcToken, NoticeNo, OrgCode, SerialNo, UnixMillis};
use yanmi_verification::conclude::{Concluded, Conclusion};
use yanmi_verification::notify::{Notify, Step};
use yanmi_verification::{
    Budget, Credential, Event, Facts, IdentityKey, PasswordFree, PasswordTries, PersonKey, Policy, Refusal,
    Undelivered, Verification, conclude, delivery, notify,
};

pub(super) use claim::Claim;
pub(crate) use guard::NotMe;

use super::command::{Command, Delivery, FaceKey, Key, Learned, Loaded, Outcome};
use super::recent::Recent;
use super::resident::Resident;
use super::write::{Appearance, Audited, Changes};
use crate::registry::Snapshot;
use crate::store::StoreError;
use crate::store::batch::Session;

/// What decides beside the facts: the registry, the policy, the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    pub(crate) registry: &'a Snapshot,
    pub(crate) policy: &'a Policy,
    pub(crate) now: UnixMillis,
}

/// The facts of a batch, and what has become of them so far.
#[derive(Debug, Default)]
struct Work {
    facts: HashMap<Key, Loaded>,
    budgets: HashMap<PersonKey, Budget>,
    recent: HashMap<PersonKey, Recent>,
    free: HashMap<(PersonKey, ChannelId), PasswordFree>,
    tries: HashMap<IdentityKey, PasswordTries>,
    claims: claim::Claims,
    not_me: HashMap<(PersonKey, OrgCode), UnixMillis>,
    /// Which notices face authorizations confirmed.
    face_uses: HashMap<FaceKey, NoticeNo>,
    /// The keys of the tokens about which something is learned.
    keys: HashMap<EcToken, Vec<Key>>,
    /// What was learned so far.
    learned: Vec<(EcToken, Credential)>,
    /// The tokens that were written ahead because nobody knew them.
    new: HashSet<EcToken>,
    /// The tokens that nobody else decides about; nothing where nobody else could.
    locked: Option<HashSet<EcToken>>,
    changed: HashMap<Key, Changed>,
    changes: Changes,
    told: Vec<NotMe>,
}

/// What a committed batch comes to.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) outcomes: Vec<Outcome>,
    /// The verifications that changed.
    pub(crate) changed: Vec<(Key, Loaded)>,
    /// What was learned about tokens.
    pub(crate) learned: Vec<(EcToken, Credential)>,
    /// What the operator is told.
    pub(crate) told: Vec<NotMe>,
}

/// What a batch comes to when it is committed, and the rows to write for it.
pub(super) type Decisions = (Committed, Changes);

/// Loads the facts and decides each command in order.
pub(super) async fn decide_all(
    session: &mut Session<'_>,
    commands: &[Command],
    resident: &Resident,
    circumstances: Circumstances<'_>,
) -> Result<Decisions, StoreError> {
    let mut work = facts::load_all(session, commands, resident).await?;
    let outcomes = commands.iter().map(|command| work.decide(command, circumstances)).collect();
    let (told, learned) = (std::mem::take(&mut work.told), std::mem::take(&mut work.learned));
    let (writes, changed) = work.finish();
    Ok((Committed { outcomes, changed, learned, told }, writes))
}

impl Work {
    fn decide(&mut self, command: &Command, with: Circumstances<'_>) -> Outcome {
        match command {
            Command::Notify { key, amount, number, shown_name, compared, learned } => {
                if let Some(learned) = learned {
                    self.learn(learned);
                }
                let command =
                    Notified { key, amount: *amount, number: *number, shown_name, compared: *compared };
                self.notify(&command, with)
            }
            Command::Delivered { key, notice } => self.delivered(key, *notice, with),
            Command::Undelivered { key, notice, reason } => self.undelivered(key, *notice, *reason, with),
            Command::Conclude { key, notice, conclusion, confirmer, by, face } => {
                let proof = Proof { confirmer: confirmer.as_deref(), by: *by, face: *face };
                self.conclude(key, *notice, *conclusion, proof, with)
            }
            Command::TakeWord { key, notice } => self.take_word(key, *notice, with),
            Command::UseFree { key } => self.use_free(key, with),
            Command::Learn(learned) => {
                self.learn(learned);
                Outcome::Done
            }
            Command::SwitchFree(switch) => self.switch_free(switch, with),
            Command::BeginTry { identity, expected } => self.begin_try(*identity, *expected, with),
            Command::OpenPage { key, opening } => self.open_page(key, *opening, with),
            Command::OpenSettings { person, opening } => self.open_settings(*person, *opening, with),
            Command::Record { key, event } => self.record(key.as_ref(), *event, with),
            Command::EndTry { identity, verdict } => self.end_try(*identity, *verdict, with),
        }
    }

    /// From here on the token's keys have this credential.
    fn learn(&mut self, learned: &Learned) {
        // What was written ahead is the last that the batch learns of it, as this is in the end.
        if !self.new.contains(&learned.token) {
            self.changes.token(learned);
        }
        self.learned.push((learned.token, learned.credential));
        for key in self.keys.get(&learned.token).into_iter().flatten() {
            // Unless it was locked, others may be deciding about it: it stays unknown, and is asked for again.
            let locked = self.locked.as_ref().is_none_or(|locked| locked.contains(&key.token));
            if let Some(loaded) = self.facts.get_mut(key).filter(|_| locked) {
                loaded.credential = Some(learned.credential);
                loaded.holder.clone_from(&learned.holder);
            }
        }
    }

    /// The facts of a key, as the batch has left them so far.
    fn facts<'a>(&'a self, key: &Key, with: Circumstances<'a>) -> Facts<'a> {
        let Some(loaded) = self.facts.get(key) else { return Facts::default() };
        let credential = loaded.credential.as_ref();
        Facts {
            credential,
            channel: credential.and_then(|c| with.registry.channel_facts(&c.channel)),
            budget: credential.and_then(|c| self.budgets.get(&c.person)).copied().unwrap_or_default(),
            free: credential.and_then(|c| self.free.get(&(c.person, c.channel))).copied(),
            free_use: loaded.free_use,
            not_me: credential.and_then(|c| self.not_me.get(&(c.person, key.org_code))).copied(),
            verification: loaded.verification,
        }
    }

    fn notify(&mut self, command: &Notified<'_>, with: Circumstances<'_>) -> Outcome {
        let key = command.key;
        let facts = self.facts(key, with);
        let Some(credential) = facts.credential.copied() else { return Outcome::TokenNotHeld };
        if !credential.lives(with.now, with.policy) {
            return Outcome::TokenNotHeld;
        }
        let Some(serial) = SerialNo::from_parts(command.number.number(), with.now) else {
            return Outcome::Refused(Refusal::NoticeNotLive); // Every notice number has thirteen digits.
        };
        let notify = Notify { amount: command.amount, fresh: command.number, serial };
        let step = match notify::notify(&facts, notify, with.now, with.policy) {
            Ok(step) => step,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        match step {
            Step::Free(step) => self.free_used(key, &credential, step, with),
            Step::Stands { next } => {
                self.change(key, next, None);
                self.audit(key, Event::Stands, next.amount, None, None, with);
                Outcome::Stands { serial }
            }
            Step::Deliver { next, budget, ways, withdraw, event } => {
                let name = command.shown_name.clone().unwrap_or_default();
                self.change(key, next, Some(Appearance { name, compared: command.compared }));
                self.budgets.insert(credential.person, budget);
                self.audit(key, event, next.amount, None, None, with);
                let handed_over = self.hand_over(key, &credential, next.notice, with);
                let recent = self.recent.entry(credential.person).or_default();
                self.changes.person(credential.person, budget, recent);
                let holder = self.facts.get(key).map(|loaded| loaded.holder.clone()).unwrap_or_default();
                Outcome::Deliver(Box::new(Delivery {
                    verification: next,
                    credential,
                    holder,
                    ways,
                    withdraw,
                    handed_over,
                }))
            }
        }
    }

    fn delivered(&mut self, key: &Key, notice: NoticeNo, with: Circumstances<'_>) -> Outcome {
        let current = self.facts.get(key).and_then(|loaded| loaded.verification);
        if let Some((next, event)) = current.and_then(|v| delivery::delivered(&v, notice, with.now)) {
            self.change(key, next, None);
            self.audit(key, event, None, None, None, with);
        }
        Outcome::Done
    }

    fn undelivered(
        &mut self,
        key: &Key,
        notice: NoticeNo,
        reason: Undelivered,
        with: Circumstances<'_>,
    ) -> Outcome {
        let current = self.facts.get(key).and_then(|loaded| loaded.verification);
        if let Some((next, event)) = current.and_then(|v| delivery::undelivered(&v, notice, reason, with.now))
        {
            self.change(key, next, None);
            self.audit(key, event, None, Some(reason.code()), None, with);
        }
        Outcome::Done
    }

    fn conclude(
        &mut self,
        key: &Key,
        notice: NoticeNo,
        conclusion: Conclusion,
        proof: Proof<'_>,
        with: Circumstances<'_>,
    ) -> Outcome {
        let Some(current) = self.facts.get(key).and_then(|loaded| loaded.verification) else {
            return Outcome::Refused(Refusal::NoticeNotLive);
        };
        match conclude::conclude(&current, notice, conclusion, with.now, with.policy) {
            Ok(Concluded::Repeated) => Outcome::Done,
            Ok(Concluded::Changed { next, event }) => {
                if let Some(face) = proof.face {
                    let confirmed = self.face_uses.get(&face).copied();
                    if let Err(refusal) = conclude::check_authorization(confirmed, notice) {
                        return Outcome::Refused(refusal);
                    }
                    self.face_uses.insert(face, notice);
                    self.changes.face_use(face, notice, with.now);
                }
                self.change(key, next, None);
                self.audit(key, event, next.amount, proof.by, proof.confirmer, with);
                if event == Event::NotMe {
                    self.said_not_me(key, with);
                }
                Outcome::Done
            }
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    fn change(&mut self, key: &Key, next: Verification, appearance: Option<Appearance>) {
        let slot = self.facts.get_mut(key).map(|loaded| &mut loaded.verification);
        let before = slot.and_then(|verification| verification.replace(next));
        let order = self.changed.len();
        let changed = self.changed.entry(*key).or_insert(Changed { order, before, appearance: None });
        changed.appearance = appearance.or(changed.appearance.take());
    }

    fn audit(
        &mut self,
        key: &Key,
        event: Event,
        amount: Option<yanmi_protocol::Amount>,
        detail: Option<&str>,
        confirmer: Option<&[u8]>,
        with: Circumstances<'_>,
    ) {
        let loaded = self.facts.get(key);
        let credential = loaded.and_then(|l| l.credential.as_ref());
        self.changes.audit(&Audited {
            at: with.now,
            event,
            key: Some(key),
            channel: credential.map(|c| c.channel),
            person: credential.map(|c| &c.person.0),
            verification: loaded.and_then(|l| l.verification.as_ref()),
            amount,
            detail,
            confirmer,
        });
    }

    /// The rows to write, each verification once, as the batch leaves it, in the order in which they were changed first: rows
    /// that are new are numbered by it.
    fn finish(mut self) -> (Changes, Vec<(Key, Loaded)>) {
        let mut changed = Vec::with_capacity(self.changed.len());
        let mut ordered: Vec<_> = self.changed.into_iter().collect();
        ordered.sort_unstable_by_key(|(_, changed)| changed.order);
        for (key, Changed { before, appearance, .. }) in ordered {
            let Some(loaded) = self.facts.remove(&key) else { continue };
            let Some(next) = loaded.verification else { continue };
            let same_but_state =
                before.is_some_and(|before| Verification { state: next.state, ..before } == next);
            if same_but_state && appearance.is_none() {
                self.changes.state(&key, next.state);
            } else {
                self.changes.verification(&key, &next, appearance.as_ref());
            }
            changed.push((key, loaded));
        }
        (self.changes, changed)
    }
}

#[cfg(test)]
mod tests;

/// What a batch does to a verification.
#[derive(Debug)]
struct Changed {
    /// How many others were changed before it.
    order: usize,
    /// As it was before the batch.
    before: Option<Verification>,
    /// How it is shown to the person, when the batch says it.
    appearance: Option<Appearance>,
}

/// What stands behind a conclusion.
#[derive(Clone, Copy)]
struct Proof<'a> {
    confirmer: Option<&'a [u8]>,
    by: Option<&'static str>,
    face: Option<FaceKey>,
}

/// The members of a notice command.
struct Notified<'a> {
    key: &'a Key,
    amount: Option<yanmi_protocol::Amount>,
    number: NoticeNo,
    shown_name: &'a Option<String>,
    compared: bool,
}
