//! What a batch does when a person is asked under another token at the same institution (1.4.4(5)E).
//!
//! The older token's row is not locked. It need not be: whoever decides about it locks the person too, and the person is
//! locked here.

use yanmi_protocol::NoticeNo;
use yanmi_verification::{Credential, Event, handoff};

use super::{Circumstances, Work};
use crate::ledger::command::{Command, Key};
use crate::ledger::load;
use crate::store::StoreError;
use crate::store::batch::Session;

impl Work {
    /// What notices of this batch may take the place of. Hardly ever is there any.
    pub(super) async fn load_older(
        &mut self,
        session: &mut Session<'_>,
        commands: &[Command],
    ) -> Result<(), StoreError> {
        let mut wanted: Vec<Key> = Vec::new();
        for command in commands {
            let Command::Notify { key, learned, .. } = command else { continue };
            let known = self.facts.get(key).and_then(|loaded| loaded.credential);
            let persons = [known, learned.as_ref().map(|learned| learned.credential)];
            let older = persons.into_iter().flatten().filter_map(|c| self.recent.get(&c.person)?.older(key));
            wanted.extend(older.filter(|older| !self.facts.contains_key(older)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        if !wanted.is_empty() {
            for (key, loaded) in wanted.iter().zip(load::facts(session, &wanted).await?) {
                self.take_in(*key, loaded);
            }
        }
        Ok(())
    }

    /// Ends what is open under another token; its notice, which is to be withdrawn.
    pub(super) fn hand_over(
        &mut self,
        key: &Key,
        credential: &Credential,
        fresh: NoticeNo,
        with: Circumstances<'_>,
    ) -> Option<NoticeNo> {
        let recent = self.recent.entry(credential.person).or_default();
        let older = recent.older(key);
        *recent = recent.with(*key);
        let older = older?;
        let loaded = self.facts.get(&older)?;
        loaded.credential.filter(|c| c.person == credential.person)?;
        let next = handoff::hand_over(&loaded.verification?, with.now)?;
        self.change(&older, next, None);
        let (from, to) = (next.notice.to_string(), fresh.to_string());
        self.audit(&older, Event::HandedOver, next.amount, Some(&to), None, with);
        self.audit(key, Event::TookOver, None, Some(&from), None, with);
        Some(next.notice)
    }
}
