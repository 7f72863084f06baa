//! What a batch does when a person is asked under another token at the same institution (1.4.4(5)E).
//!
//! The older token's row is not locked. It need not be: whoever decides about it locks the person too, and the person is
//! locked here.

use yanmi_protocol::NoticeNo;
use yanmi_verification::{Credential, Event, State, Undelivered, takeover};

use super::work::{Circumstances, Work};
use crate::ledger::key::Key;

impl Work {
    /// Ends what is open under another token, or could be again; its notice, which is to be withdrawn, if a phone can have it.
    pub(in crate::ledger) fn take_over(
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
        let before = loaded.verification?;
        let next = takeover::take_over(&before)?;
        self.change(&older, next, None);
        if !before.can_be_taken(with.now) {
            // It was over already, by the clock: nothing happens to it that anybody should hear of.
            return None;
        }
        let (from, to) = (next.notice.to_string(), fresh.to_string());
        self.audit(&older, Event::HandedOver, next.amount, Some(&to), None, with);
        self.audit(key, Event::TookOver, None, Some(&from), None, with);
        let on_the_phone = match next.state {
            // The answer was lost; the notice may have arrived.
            State::Undelivered { reason, .. } => reason == Undelivered::TimedOut,
            _ => true,
        };
        on_the_phone.then_some(next.notice)
    }
}
