//! The channel's word that a person pays without a password (1.4.3.2(4); `rcvFlag` "2" in answer to a notice).
//!
//! It is the last of the three answers a channel has: taken, refused, or "not needed here". A channel that could say so of
//! anybody could let anything be settled, so it counts only from one that is registered for it, about the live notice, and
//! within the limits registered with it; otherwise the notice is as good as refused. The attempt ends, for nobody is asked
//! any more, and the payment is recorded as password-free on the channel's word.

use yanmi_protocol::{NoticeNo, UnixMillis};

use crate::facts::Facts;
use crate::password_free::{self, FreeStep};
use crate::policy::Policy;
use crate::quiet;
use crate::state::Verification;

/// What a word that counts comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WordStep {
    /// The attempt, over.
    pub next: Verification,
    /// What is to be stored about the payment.
    pub free: FreeStep,
}

/// Decides about the word; nothing when it does not count.
pub fn take(facts: &Facts<'_>, notice: NoticeNo, now: UnixMillis, policy: &Policy) -> Option<WordStep> {
    let limits = facts.channel?.word?;
    let current = facts.verification.filter(|v| v.notice == notice && v.can_be_taken(now))?;
    if quiet::left(facts, now, policy).is_some() {
        return None;
    }
    let free = password_free::on_word(facts, limits, current.amount, now)?;
    Some(WordStep { next: current.ended(), free })
}
