//! What a batch works on: the facts, and what has become of them so far.
//!
//! A later command of the batch sees what an earlier one changed, for both look at the same working facts. Here is what
//! any command may look at and change; which rule decides which command is in the command's own file, and the rules
//! themselves are in the verification crate.

use hashbrown::{HashMap, HashSet};
use yanmi_protocol::{Amount, ChannelId, EcToken, NoticeNo, OrgCode, UnixMillis};
use yanmi_verification::conclude;
use yanmi_verification::{
    Budget, Credential, Event, Facts, IdentityKey, PasswordFree, PasswordTries, PersonKey, Policy, Refusal,
    Verification,
};

use crate::ledger::key::{FaceKey, Key};
use crate::ledger::load::StoredFacts;
use crate::ledger::recent::Recent;
use crate::ledger::table::Changes;
use crate::ledger::table::audit::Audited;
use crate::ledger::table::page_claims::Claim;
use crate::ledger::table::tokens::TokenRecord;
use crate::ledger::table::verifications::Appearance;
use crate::registry::Snapshot;

/// What decides beside the facts: the registry, the policy, the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    pub(crate) registry: &'a Snapshot,
    pub(crate) policy: &'a Policy,
    pub(crate) now: UnixMillis,
}

/// The facts of a batch, and what has become of them so far.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(super) facts: HashMap<Key, StoredFacts>,
    pub(super) budgets: HashMap<PersonKey, Budget>,
    pub(super) recent: HashMap<PersonKey, Recent>,
    pub(super) free: HashMap<(PersonKey, ChannelId), PasswordFree>,
    pub(super) tries: HashMap<IdentityKey, PasswordTries>,
    pub(super) claims: HashMap<NoticeNo, Claim>,
    pub(super) not_me: HashMap<(PersonKey, OrgCode), UnixMillis>,
    /// Which notices face authorizations confirmed.
    pub(super) face_uses: HashMap<FaceKey, NoticeNo>,
    /// The keys of the tokens about which something is learned.
    pub(super) keys: HashMap<EcToken, Vec<Key>>,
    /// What was learned so far.
    pub(super) learned: Vec<(EcToken, Credential)>,
    /// The tokens that were written ahead because nobody knew them.
    pub(super) new: HashSet<EcToken>,
    /// The tokens that nobody else decides about; nothing where nobody else could.
    pub(super) locked: Option<HashSet<EcToken>>,
    pub(super) changed: HashMap<Key, Changed>,
    pub(super) changes: Changes,
    pub(super) told: Vec<NotMe>,
}

/// Somebody said "not me": what the operator may know of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NotMe {
    pub(crate) org_code: OrgCode,
    pub(crate) channel: ChannelId,
}

impl Work {
    /// From here on the token's keys have this credential.
    pub(in crate::ledger) fn learn(&mut self, learned: &TokenRecord) {
        // What was written ahead is the last that the batch learns of it, as this is in the end.
        if !self.new.contains(&learned.token) {
            self.changes.token(learned);
        }
        self.learned.push((learned.token, learned.credential));
        if !self.is_locked(&learned.token) {
            // Others may be deciding about it: it stays unknown, and is asked for again.
            return;
        }
        for key in self.keys.get(&learned.token).into_iter().flatten() {
            if let Some(loaded) = self.facts.get_mut(key) {
                loaded.credential = Some(learned.credential);
                loaded.holder.clone_from(&learned.holder);
            }
        }
    }

    /// The facts of a key, as the batch has left them so far.
    pub(in crate::ledger) fn facts<'a>(&'a self, key: &Key, with: Circumstances<'a>) -> Facts<'a> {
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

    /// The verification of a key, as the batch has left it so far.
    pub(in crate::ledger) fn verification(&self, key: &Key) -> Option<Verification> {
        self.facts.get(key)?.verification
    }

    /// Who it is, sealed.
    pub(in crate::ledger) fn holder(&self, key: &Key) -> Vec<u8> {
        self.facts.get(key).map(|facts| facts.holder.clone()).unwrap_or_default()
    }

    /// What is left of a person's budget of notices.
    pub(in crate::ledger) fn spend(&mut self, person: PersonKey, budget: Budget) {
        self.budgets.insert(person, budget);
        let recent = self.recent.entry(person).or_default();
        self.changes.person(person, budget, recent);
    }

    /// The authorization confirms this notice, unless it has confirmed another.
    pub(in crate::ledger) fn use_face(
        &mut self,
        face: FaceKey,
        notice: NoticeNo,
        with: Circumstances<'_>,
    ) -> Result<(), Refusal> {
        conclude::check_authorization(self.face_uses.get(&face).copied(), notice)?;
        self.face_uses.insert(face, notice);
        self.changes.face_use(face, notice, with.now);
        Ok(())
    }

    /// The password tries of a document.
    pub(in crate::ledger) fn tries(&self, identity: IdentityKey) -> PasswordTries {
        self.tries.get(&identity).copied().unwrap_or_default()
    }

    pub(in crate::ledger) fn keep_tries(&mut self, identity: IdentityKey, tries: PasswordTries) {
        self.tries.insert(identity, tries);
        self.changes.tries(identity, tries);
    }

    /// An event that is not about a verification.
    pub(in crate::ledger) fn audit_entry(&mut self, entry: &Audited<'_>) {
        self.changes.audit(entry);
    }

    pub(in crate::ledger) fn change(
        &mut self,
        key: &Key,
        next: Verification,
        appearance: Option<Appearance>,
    ) {
        let slot = self.facts.get_mut(key).map(|loaded| &mut loaded.verification);
        let before = slot.and_then(|verification| verification.replace(next));
        let order = self.changed.len();
        let changed = self.changed.entry(*key).or_insert(Changed { order, before, appearance: None });
        changed.appearance = appearance.or(changed.appearance.take());
    }

    pub(in crate::ledger) fn audit(
        &mut self,
        key: &Key,
        event: Event,
        amount: Option<Amount>,
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
    pub(super) fn finish(mut self) -> (Changes, Vec<(Key, StoredFacts)>) {
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

/// What a batch does to a verification.
#[derive(Debug)]
pub(super) struct Changed {
    /// How many others were changed before it.
    order: usize,
    /// As it was before the batch.
    before: Option<Verification>,
    /// How it is shown to the person, when the batch says it.
    appearance: Option<Appearance>,
}
