//! 1.7.2: may the institution settle? (steps 8 to 10 and 13; V9, V10)

use yanmi_protocol::{Amount, UnixMillis};

use crate::facts::Facts;
use crate::password_free::{self, FreeStep};
use crate::policy::Policy;
use crate::quiet;
use crate::refusal::Refusal;
use crate::token;

/// What a status query comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// No password is needed (500320).
    Free(FreeStep),
    /// `checkStas` "1".
    Confirmed,
    /// `checkStas` "0".
    NotConfirmed,
}

/// Decides about a status query.
///
/// # Errors
/// The first check that fails, in the order of the contract.
pub fn status(facts: &Facts<'_>, now: UnixMillis, policy: &Policy) -> Result<Status, Refusal> {
    let usable = token::check(facts, now, policy)?;
    let verification = facts.verification;
    let quiet = quiet::left(facts, now, policy).is_some();
    if usable.channel.settlement && !quiet {
        let step = password_free::judge(facts, usable.channel.password_free, amount_asked(facts), now);
        if let Some(step) = step {
            return Ok(Status::Free(step));
        }
    }
    let confirmed = verification.is_some_and(|v| v.is_confirmed(now));
    Ok(if confirmed { Status::Confirmed } else { Status::NotConfirmed })
}

/// The amount a query is about, which does not say it: that of the latest notice call, whatever it came to.
fn amount_asked(facts: &Facts<'_>) -> Option<Amount> {
    match (facts.verification, facts.free_use) {
        (Some(verification), Some(used)) if used.called_at <= verification.asked_at => verification.amount,
        (_, Some(used)) => used.amount,
        (verification, None) => verification.and_then(|v| v.amount),
    }
}
