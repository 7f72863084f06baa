//! What a batch does about "not me": it is kept, and the operator is told once it is committed.

use super::work::{Circumstances, NotMe, Work};
use crate::ledger::key::Key;

impl Work {
    /// From now on the institution is refused for a while.
    pub(in crate::ledger) fn said_not_me(&mut self, key: &Key, with: Circumstances<'_>) {
        let Some(credential) = self.facts.get(key).and_then(|loaded| loaded.credential) else { return };
        self.not_me.insert((credential.person, key.org_code), with.now);
        self.changes.not_me(credential.person, key.org_code, with.now);
        self.told.push(NotMe { org_code: key.org_code, channel: credential.channel });
    }
}
