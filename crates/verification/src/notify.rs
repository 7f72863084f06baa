//! 1.7.1: an institution asks for a notice (steps 8 to 11; V2 to V5, V8).

use std::time::Duration;

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, NoticeNo, SerialNo, UnixMillis};

use crate::budget::Budget;
use crate::event::Event;
use crate::facts::{Facts, Ways};
use crate::password_free::{self, FreeStep};
use crate::policy::Policy;
use crate::quiet;
use crate::refusal::Refusal;
use crate::state::{State, Verification};
use crate::token;

/// The command, with the fresh numbers it may use.
#[derive(Clone, Copy, Debug)]
pub struct Notify {
    /// What the person is to confirm.
    pub amount: Option<Amount>,
    /// The number of a new attempt, if one is opened.
    pub fresh: NoticeNo,
    /// The serial number of the answer.
    pub serial: SerialNo,
}

/// What an accepted command comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// No password is needed (500320).
    Free(FreeStep),
    /// The confirmation at hand covers it: nothing is sent, the answer is success (V5).
    Stands {
        /// The verification, with the new serial number.
        next: Verification,
    },
    /// Store, then send the notice.
    Deliver {
        /// The verification, asked.
        next: Verification,
        /// The person's budget, one notice less.
        budget: Budget,
        /// The ways the person can confirm in.
        ways: Ways,
        /// The notice that can no longer be confirmed and is to be withdrawn.
        withdraw: Option<NoticeNo>,
        /// What happened, for the audit.
        event: Event,
    },
}

/// Decides about a notice.
///
/// # Errors
/// The first check that fails, in the order of the contract.
pub fn notify(facts: &Facts<'_>, command: Notify, now: UnixMillis, policy: &Policy) -> Result<Step, Refusal> {
    let usable = token::check(facts, now, policy)?;
    if !usable.channel.settlement {
        return Err(Refusal::NoSettlement);
    }
    if quiet::left(facts, now, policy).is_none()
        && let Some(step) =
            password_free::judge_notice(facts, usable.channel.password_free, command.amount, now)
    {
        return Ok(Step::Free(step));
    }
    let current = facts.verification.filter(|v| now < v.first_at.plus(policy.token_life));
    if let Some(next) = standing(current.as_ref(), command, now, policy) {
        return Ok(Step::Stands { next });
    }
    quiet::check(facts, now, policy)?;
    let budget = check_frequency(facts.budget, current.as_ref(), now, policy)?;
    let mut ways = usable.channel.ways;
    if !usable.credential.password_set {
        ways = ways.without(Way::CredentialPassword);
    }
    if ways.is_empty() {
        return Err(Refusal::PasswordNotSet);
    }
    Ok(deliver(current.as_ref(), command, budget, ways, now, policy))
}

/// V5, first half: a confirmation that still counts and is about this amount is left as it is.
fn standing(
    current: Option<&Verification>,
    command: Notify,
    now: UnixMillis,
    policy: &Policy,
) -> Option<Verification> {
    let rule = policy.confirmed_amount;
    let current = current.filter(|v| v.is_confirmed(now) && v.covers(command.amount, rule))?;
    Some(Verification { serial: command.serial, ..*current })
}

/// V8. A notice that never reached the channel bothered nobody, so after it the clerk may try again at once, as
/// the message of 500319 says; it counts all the same.
fn check_frequency(
    budget: Budget,
    current: Option<&Verification>,
    now: UnixMillis,
    policy: &Policy,
) -> Result<Budget, Refusal> {
    if let Some(current) = current {
        let next_at = current.asked_at.plus(policy.notice_interval);
        if now < next_at && !matches!(current.state, State::Undelivered { .. }) {
            // V15: a notice of the future, because a clock was set back, counts as one of now.
            return Err(too_frequent(next_at.since(now).min(policy.notice_interval)));
        }
        if current.notices >= policy.notices_per_verification {
            return Err(too_frequent(current.first_at.plus(policy.token_life).since(now)));
        }
    }
    budget.take(now, policy.notices_per_person_hour).map_err(too_frequent)
}

fn too_frequent(wait: Duration) -> Refusal {
    Refusal::TooFrequent { wait: wait.max(Duration::from_millis(1)) }
}

/// V2 (a new attempt), V3 (the same again), V4 (superseded), V5 second half (voided).
fn deliver(
    current: Option<&Verification>,
    command: Notify,
    budget: Budget,
    ways: Ways,
    now: UnixMillis,
    policy: &Policy,
) -> Step {
    let fresh = Verification {
        attempt: current.map_or(1, |v| v.attempt.saturating_add(1)),
        notice: command.fresh,
        serial: command.serial,
        amount: command.amount,
        asked_at: now,
        expires_at: now.plus(policy.notice_life),
        notices: current.map_or(1, |v| v.notices.saturating_add(1)),
        first_at: current.map_or(now, |v| v.first_at),
        state: State::Asked,
    };
    let (next, withdraw, event) = match current {
        Some(open) if open.is_open(now) && open.amount == command.amount => {
            let same =
                Verification { attempt: open.attempt, notice: open.notice, state: open.state, ..fresh };
            (same, None, Event::AskedAgain)
        }
        Some(open) if open.is_open(now) => (fresh, Some(open.notice), Event::Superseded),
        Some(confirmed) if confirmed.is_confirmed(now) => (fresh, None, Event::Voided),
        _ => (fresh, None, Event::Asked),
    };
    Step::Deliver { next, budget, ways, withdraw, event }
}
