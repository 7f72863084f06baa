//! The facts a batch is decided upon.
//!
//! A batch is only a way of committing: its commands come to what each would come to in a batch of its own, one after the
//! other (V16). What an earlier command changes, a later one sees in the working facts. What remains is that everything a
//! command may look at is there, whichever command of the batch makes it look.
//!
//! Most facts hang on the key. The rest hangs on who is behind the token: the person's budget and where they were asked,
//! their settings in the channel, their "not me" at the institution, what is open under their other tokens. And who is
//! behind a token changes within a batch, by any command that brings what was learned about it: a status query that learns
//! a token stands beside a notice for it, which was on its way before anybody knew the person. So for every key the facts
//! of every credential are loaded that the key can have: the stored one, and each that is learned about its token.
//!
//! On a shared database a token that nobody knew is written ahead, because only a row can be locked. It is unknown all the
//! same until the command that learned it is decided.

use std::collections::BTreeMap;

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use yanmi_protocol::EcToken;
use yanmi_verification::{Credential, IdentityKey, PersonKey};

use super::claim;
use super::needs::Needs;
use super::resident::Resident;
use super::work::Work;
use crate::ledger::key::{FaceKey, Key};
use crate::ledger::load::{self, StoredFacts};
use crate::ledger::table::tokens::TokenRecord;
use crate::ledger::table::{face_uses, not_me, password_free, password_tries, persons, tokens};
use crate::store::StoreError;
use crate::store::batch::Session;

/// What a batch learns, in its order.
type Lessons<'a> = BTreeMap<EcToken, Vec<&'a TokenRecord>>;

/// Loads everything, and on a shared database locks it first.
pub(super) async fn load_all(
    session: &mut Session<'_>,
    needs: &[Needs<'_>],
    resident: &Resident,
) -> Result<Work, StoreError> {
    let lessons = lessons(needs);
    let mut work = Work::default();
    if session.is_shared() {
        lock_all(session, needs, &lessons, &mut work).await?;
    }
    let wanted = wanted(needs, resident, &mut work);
    if !wanted.is_empty() {
        for (key, loaded) in wanted.iter().zip(load::facts(session, &wanted).await?) {
            work.take_in(*key, loaded);
        }
    }
    if !lessons.is_empty() {
        work.load_learned(session, &lessons).await?;
    }
    work.claims = claim::load(session, needs).await?;
    work.load_tries(session, needs).await?;
    work.load_face_uses(session, needs).await?;
    work.load_switched(session, needs).await?;
    work.load_older(session, needs, &lessons).await?;
    Ok(work)
}

fn lessons<'a>(needs: &[Needs<'a>]) -> Lessons<'a> {
    let mut lessons = Lessons::new();
    for learned in needs.iter().filter_map(|needs| needs.learned) {
        lessons.entry(learned.token).or_default().push(learned);
    }
    lessons
}

/// Where others write too: writes ahead what nobody knew, and keeps the others from everything this batch is about.
async fn lock_all(
    session: &mut Session<'_>,
    needs: &[Needs<'_>],
    lessons: &Lessons<'_>,
    work: &mut Work,
) -> Result<(), StoreError> {
    let mut persons: Vec<PersonKey> = needs.iter().filter_map(|needs| needs.person).collect();
    let mut tokens: Vec<EcToken> = needs.iter().filter_map(|needs| needs.key).map(|key| key.token).collect();
    if !lessons.is_empty() || !persons.is_empty() {
        let learned: Vec<&TokenRecord> = lessons.values().flatten().copied().collect();
        let known = learned.iter().map(|learned| learned.credential.person).chain(persons.iter().copied());
        persons::insert_missing(session, known).await?;
        work.new = tokens::insert_new(session, &learned).await?;
    }
    for (token, learned) in lessons {
        if !work.new.contains(token) {
            tokens.push(*token);
        }
        // The person of the row is found by it; the others are not.
        let of_the_row =
            work.new.contains(token).then(|| learned.last()).flatten().map(|l| l.credential.person);
        let others = learned.iter().map(|learned| learned.credential.person);
        persons.extend(others.filter(|person| Some(*person) != of_the_row));
    }
    work.locked = session.lock(tokens, persons).await?;
    Ok(())
}

/// The keys whose facts are to be read. What is in memory is enough for some commands.
fn wanted(needs: &[Needs<'_>], resident: &Resident, work: &mut Work) -> Vec<Key> {
    let mut wanted = Vec::with_capacity(needs.len());
    let mut listed = HashSet::new();
    for needs in needs {
        let Some(key) = needs.key else { continue };
        let known = needs.only_verification.then(|| in_memory(resident, &key)).flatten();
        match (work.facts.entry(key), known) {
            (Entry::Vacant(slot), Some(loaded)) => {
                slot.insert(loaded);
                continue;
            }
            (Entry::Vacant(slot), None) => {
                slot.insert(StoredFacts::default());
            }
            // What is in memory is not all there is; another command of the batch needs the rest.
            (Entry::Occupied(_), None) => {}
            (Entry::Occupied(_), Some(_)) => continue,
        }
        if listed.insert(key) {
            wanted.push(key);
        }
    }
    // A token that appeared after the lock was taken is as good as not there: it was not there when this began.
    wanted.retain(|key| work.is_locked(&key.token));
    wanted
}

fn in_memory(resident: &Resident, key: &Key) -> Option<StoredFacts> {
    resident.with(key, |live| StoredFacts {
        credential: Some(live.credential),
        verification: Some(live.verification),
        ..StoredFacts::default()
    })
}

impl Work {
    /// Whether nobody else decides about it.
    pub(super) fn is_locked(&self, token: &EcToken) -> bool {
        self.locked.as_ref().is_none_or(|locked| locked.contains(token))
    }

    pub(super) fn take_in(&mut self, key: Key, loaded: StoredFacts) {
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

    /// What hangs on the credentials that keys have only from somewhere in the batch on: the query by token did not find it,
    /// unless the token is known already for the same person and channel.
    async fn load_learned(
        &mut self,
        session: &mut Session<'_>,
        lessons: &Lessons<'_>,
    ) -> Result<(), StoreError> {
        let (mut persons, mut free, mut not_me) = (Vec::new(), Vec::new(), Vec::new());
        let mut keys: HashMap<EcToken, Vec<Key>> = HashMap::new();
        // In any order: each key is looked at by itself, and what is listed is looked up.
        for (key, loaded) in &mut self.facts {
            let Some(learned) = lessons.get(&key.token) else { continue };
            keys.entry(key.token).or_default().push(*key);
            for Credential { person, channel, .. } in learned.iter().map(|learned| learned.credential) {
                let stored = loaded.credential.is_some_and(|c| c.person == person && c.channel == channel);
                if !stored {
                    persons.push(person);
                    free.push((person, channel));
                    not_me.push((person, key.org_code));
                }
            }
            if self.new.contains(&key.token) {
                // Nobody has told the ledger yet.
                loaded.credential = None;
                loaded.holder.clear();
            }
        }
        self.keys = keys;
        if persons.is_empty() {
            return Ok(());
        }
        persons.sort_unstable();
        persons.dedup();
        // In any order: each person goes into a place of their own.
        for (person, (budget, recent)) in persons::load(session, &persons).await? {
            self.budgets.insert(person, budget);
            self.recent.insert(person, recent);
        }
        self.free.extend(password_free::load(session, &free).await?);
        self.not_me.extend(not_me::load(session, &not_me).await?);
        Ok(())
    }

    /// What notices of this batch may take the place of. Hardly ever is there any.
    async fn load_older(
        &mut self,
        session: &mut Session<'_>,
        needs: &[Needs<'_>],
        lessons: &Lessons<'_>,
    ) -> Result<(), StoreError> {
        let mut wanted: Vec<Key> = Vec::new();
        for needs in needs.iter().filter(|needs| needs.takes_over) {
            let Some(key) = &needs.key else { continue };
            let known = self.facts.get(key).and_then(|loaded| loaded.credential);
            let learned = lessons.get(&key.token).into_iter().flatten().map(|learned| learned.credential);
            let older =
                known.into_iter().chain(learned).filter_map(|c| self.recent.get(&c.person)?.older(key));
            wanted.extend(older.filter(|older| !self.facts.contains_key(older)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        if !wanted.is_empty() {
            for (key, loaded) in wanted.iter().zip(load::facts(session, &wanted).await?) {
                // What the batch learns of its token is true of this one, too: it may be another person's by then.
                if lessons.contains_key(&key.token) {
                    self.keys.entry(key.token).or_default().push(*key);
                }
                self.take_in(*key, loaded);
            }
        }
        Ok(())
    }

    async fn load_tries(&mut self, session: &mut Session<'_>, needs: &[Needs<'_>]) -> Result<(), StoreError> {
        let wanted: Vec<IdentityKey> = needs.iter().filter_map(|needs| needs.identity).collect();
        self.tries = if session.is_shared() {
            password_tries::lock(session, &wanted).await?
        } else {
            password_tries::load(session, &wanted).await?
        };
        Ok(())
    }

    /// What face authorizations confirmed already.
    async fn load_face_uses(
        &mut self,
        session: &mut Session<'_>,
        needs: &[Needs<'_>],
    ) -> Result<(), StoreError> {
        let wanted: Vec<FaceKey> = needs.iter().filter_map(|needs| needs.face).collect();
        session.lock_numbers(wanted.iter().map(FaceKey::number).collect()).await?;
        self.face_uses = face_uses::load(session, &wanted).await?;
        Ok(())
    }

    /// Settings of persons who switch.
    async fn load_switched(
        &mut self,
        session: &mut Session<'_>,
        needs: &[Needs<'_>],
    ) -> Result<(), StoreError> {
        let wanted: Vec<_> = needs.iter().filter_map(|needs| needs.free).collect();
        self.free.extend(password_free::load(session, &wanted).await?);
        Ok(())
    }
}
