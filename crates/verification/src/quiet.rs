//! After "not me": a quiet period (V8).
//!
//! Whoever is asked about somebody else's visit should not have to say so twice, and should not give in the third time. So
//! for a while after "not me" the same institution gets no notice to the same person, under no token and in no app, and
//! nothing is let through without a password there: an amount small enough to be free may not follow one that was refused.
//!
//! It is about one person **at one institution**. Were it about the person alone, any institution could have somebody
//! locked out of all care by asking for something absurd. An institution that changes its code with every try is bounded by
//! the person's budget, and each "not me" is told to the operator.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use crate::facts::Facts;
use crate::policy::Policy;
use crate::refusal::Refusal;

/// How much longer the person is left alone; nothing when they may be asked.
pub fn left(facts: &Facts<'_>, now: UnixMillis, policy: &Policy) -> Option<Duration> {
    let until = facts.not_me?.plus(policy.quiet);
    // V15: what was said in the future, because a clock was set back, counts as said now.
    (now < until).then(|| until.since(now).min(policy.quiet))
}

/// Whether the person may be asked.
///
/// # Errors
/// [`Refusal::Quiet`] when they said "not me" here a moment ago.
pub fn check(facts: &Facts<'_>, now: UnixMillis, policy: &Policy) -> Result<(), Refusal> {
    left(facts, now, policy).map_or(Ok(()), |wait| Err(Refusal::Quiet { wait }))
}
