//! One batch: load, decide each command in order, write, commit.
//!
//! A later command of the batch sees what an earlier one changed, for both look at the same working facts. Which
//! rule decides which command is all there is here; the rules themselves are in the verification crate.

mod claim;
mod free;
mod guard;
mod handoff;
mod tries;

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use yanmi_protocol::{ChannelId, EcToken, NoticeNo, OrgCode, SerialNo, UnixMillis};
use yanmi_verification::conclude::{Concluded, Conclusion};
use yanmi_verification::notify::{Notify, Step};
use yanmi_verification::{
    Budget, Event, Facts, IdentityKey, PasswordFree, PasswordTries, PersonKey, Policy, Refusal, Undelivered,
    Verification, conclude, delivery, notify,
};

pub(super) use claim::Claim;
pub(crate) use guard::NotMe;

use super::command::{Command, Delivery, Key, Learned, Loaded, Outcome};
use super::load;
use super::recent::Recent;
use super::resident::Resident;
use super::write::{self, Appearance, Audited, Changes};
use crate::channel::deliver::code_of;
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
    changed: HashMap<Key, Changed>,
    changes: Changes,
    told: Vec<NotMe>,
    /// What was learned is in the facts already, because it was written ahead of them.
    learned_ahead: bool,
}

/// What a committed batch comes to.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) outcomes: Vec<Outcome>,
    /// The verifications that changed.
    pub(crate) changed: Vec<(Key, Loaded)>,
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
    let mut work = load_all(session, commands, resident).await?;
    let outcomes = commands.iter().map(|command| work.decide(command, circumstances)).collect();
    let told = std::mem::take(&mut work.told);
    let (writes, changed) = work.finish();
    Ok((Committed { outcomes, changed, told }, writes))
}

/// Where others write too: writes what was learned, and keeps them from everything this batch is about. Tells the
/// tokens that can be decided about.
async fn lock_all(
    session: &mut Session<'_>,
    commands: &[Command],
) -> Result<Option<HashSet<EcToken>>, StoreError> {
    let switching: Vec<PersonKey> = commands
        .iter()
        .filter_map(|command| match command {
            Command::SwitchFree(switch) => Some(switch.person),
            Command::OpenSettings { person, .. } => Some(*person),
            _ => None,
        })
        .collect();
    let learned: Vec<&Learned> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Notify { learned: Some(learned), .. } | Command::Learn(learned) => Some(&**learned),
            _ => None,
        })
        .collect();
    write::ahead(session, &learned, &switching).await?;
    let tokens = commands.iter().filter_map(Command::key).map(|key| key.token).collect();
    session.lock(tokens, switching).await
}

async fn load_all(
    session: &mut Session<'_>,
    commands: &[Command],
    resident: &Resident,
) -> Result<Work, StoreError> {
    let mut work = Work { learned_ahead: session.is_shared(), ..Work::default() };
    let locked = if session.is_shared() { lock_all(session, commands).await? } else { None };
    let mut wanted = Vec::with_capacity(commands.len());
    for command in commands {
        let Some(key) = command.key() else { continue };
        let known = command.needs_only_verification().then(|| in_memory(resident, &key)).flatten();
        match (work.facts.entry(key), known) {
            (Entry::Vacant(slot), Some(loaded)) => {
                slot.insert(loaded);
            }
            (Entry::Vacant(slot), None) => {
                slot.insert(Loaded::default());
                wanted.push(key);
            }
            // What is in memory is not all there is; another command of the batch needs the rest.
            (Entry::Occupied(_), None) if !wanted.contains(&key) => wanted.push(key),
            (Entry::Occupied(_), _) => {}
        }
    }
    // A token that appeared after the lock was taken is as good as not there: it was not there when this began.
    wanted.retain(|key| locked.as_ref().is_none_or(|locked| locked.contains(&key.token)));
    if !wanted.is_empty() {
        for (key, loaded) in wanted.iter().zip(load::facts(session, &wanted).await?) {
            work.take_in(*key, loaded);
        }
    }
    work.claims = claim::load(session, commands).await?;
    work.load_tries(session, commands).await?;
    work.load_free(session, commands).await?;
    work.load_budgets(session, commands).await?;
    work.load_not_me(session, commands).await?;
    work.load_older(session, commands).await?;
    Ok(work)
}

fn in_memory(resident: &Resident, key: &Key) -> Option<Loaded> {
    resident.with(key, |live| Loaded {
        credential: Some(live.credential),
        verification: Some(live.verification),
        ..Loaded::default()
    })
}

impl Work {
    fn take_in(&mut self, key: Key, loaded: Loaded) {
        if let Some(credential) = &loaded.credential {
            self.budgets.entry(credential.person).or_insert(loaded.budget);
            self.recent.entry(credential.person).or_insert_with(|| loaded.recent.clone());
            if let Some(free) = loaded.free {
                self.free.entry((credential.person, credential.channel)).or_insert(free);
            }
            if let Some(at) = loaded.not_me {
                self.not_me.entry((credential.person, key.org_code)).or_insert(at);
            }
        }
        self.facts.insert(key, loaded);
    }

    async fn load_tries(
        &mut self,
        session: &mut Session<'_>,
        commands: &[Command],
    ) -> Result<(), StoreError> {
        let wanted: Vec<IdentityKey> = commands
            .iter()
            .filter_map(|command| match command {
                Command::BeginTry { identity, .. } | Command::EndTry { identity, .. } => Some(*identity),
                _ => None,
            })
            .collect();
        if !wanted.is_empty() {
            self.tries = if session.is_shared() {
                load::lock_tries(session, &wanted).await?
            } else {
                load::tries(session, &wanted).await?
            };
        }
        Ok(())
    }

    /// Settings of persons who were just learned, or who switch: the query by token does not find them.
    async fn load_free(&mut self, session: &mut Session<'_>, commands: &[Command]) -> Result<(), StoreError> {
        let wanted: Vec<(PersonKey, ChannelId)> = commands
            .iter()
            .filter_map(|command| match command {
                Command::SwitchFree(switch) => Some((switch.person, switch.channel)),
                Command::Notify { learned: Some(learned), .. } if !self.learned_ahead => {
                    Some((learned.credential.person, learned.credential.channel))
                }
                _ => None,
            })
            .collect();
        if !wanted.is_empty() {
            self.free.extend(load::free_settings(session, &wanted).await?);
        }
        Ok(())
    }

    /// Budgets of persons who were just learned: the query by token does not find them either.
    async fn load_budgets(
        &mut self,
        session: &mut Session<'_>,
        commands: &[Command],
    ) -> Result<(), StoreError> {
        let wanted: Vec<PersonKey> = commands
            .iter()
            .filter_map(|command| match command {
                Command::Notify { learned: Some(learned), .. } if !self.learned_ahead => {
                    Some(learned.credential.person)
                }
                _ => None,
            })
            .collect();
        if !wanted.is_empty() {
            for (person, (budget, recent)) in load::persons(session, &wanted).await? {
                self.budgets.insert(person, budget);
                self.recent.insert(person, recent);
            }
        }
        Ok(())
    }

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
            Command::Conclude { key, notice, conclusion, confirmer, by } => {
                self.conclude(key, *notice, *conclusion, (confirmer.as_deref(), *by), with)
            }
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

    fn learn(&mut self, learned: &Learned) {
        if self.learned_ahead {
            return;
        }
        self.changes.token(learned);
        let same = self.facts.iter_mut().filter(|(key, _)| key.token == learned.token);
        for (_, loaded) in same {
            loaded.credential = Some(learned.credential);
            loaded.holder.clone_from(&learned.holder);
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
            self.audit(key, event, None, Some(code_of(reason)), None, with);
        }
        Outcome::Done
    }

    fn conclude(
        &mut self,
        key: &Key,
        notice: NoticeNo,
        conclusion: Conclusion,
        (confirmer, by): (Option<&[u8]>, Option<&'static str>),
        with: Circumstances<'_>,
    ) -> Outcome {
        let Some(current) = self.facts.get(key).and_then(|loaded| loaded.verification) else {
            return Outcome::Refused(Refusal::NoticeNotLive);
        };
        match conclude::conclude(&current, notice, conclusion, with.now, with.policy) {
            Ok(Concluded::Repeated) => Outcome::Done,
            Ok(Concluded::Changed { next, event }) => {
                self.change(key, next, None);
                self.audit(key, event, next.amount, by, confirmer, with);
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
        let changed = self.changed.entry(*key).or_insert(Changed { before, appearance: None });
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

    /// The rows to write, each verification once, as the batch leaves it.
    fn finish(mut self) -> (Changes, Vec<(Key, Loaded)>) {
        let mut changed = Vec::with_capacity(self.changed.len());
        for (key, Changed { before, appearance }) in self.changed {
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

/// What a batch does to a verification.
#[derive(Debug)]
struct Changed {
    /// As it was before the batch.
    before: Option<Verification>,
    /// How it is shown to the person, when the batch says it.
    appearance: Option<Appearance>,
}

/// The members of a notice command.
struct Notified<'a> {
    key: &'a Key,
    amount: Option<yanmi_protocol::Amount>,
    number: NoticeNo,
    shown_name: &'a Option<String>,
    compared: bool,
}
