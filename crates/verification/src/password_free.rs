//! Settling without a password (V10, 500320).
//!
//! There are two grounds for it. The **person** switched it on in this channel, the channel offers it, and where the person
//! set limits, the amount is within them. Or the **channel** answers a notice with "this person pays without a password
//! here" (`rcvFlag` "2"): that is taken from a channel registered for it, within the limits registered with it.
//!
//! Either way it never becomes a verification: it is judged at each call, and each call that lets somebody settle leaves an
//! audit event.
//!
//! A payment is its token, its institution and its amount; another amount is another payment, as with confirmations (V5). It
//! is counted once, on the day of its first call, and stays let through for [`STAY`], so that a call after midnight, or one
//! that comes when the day's allowance is used up, does not stop at the counter what was let through there a minute ago.
//! What was let through on the channel's word stays for the life of its token. Both end when the person says "not me", and
//! the person's own ground when the person switches it off. An amount that is not known cannot be within a limit.

mod record;

use std::time::Duration;

use yanmi_protocol::{Amount, UnixMillis};

use crate::facts::Facts;
pub use record::{FreeUse, Ground, PasswordFree, WordLimits, WordLimitsError};

/// How long a payment that was let through stays let through: about as long as a counter takes to settle it, and as long
/// as a confirmation counts where nothing else is configured.
pub const STAY: Duration = Duration::from_mins(30);

/// A payment may go through: what is to be stored about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FreeStep {
    /// It was let through before, and nothing is counted.
    Again {
        /// The payment.
        used: FreeUse,
        /// Whether it is the latest call again, after a notice about another amount: that is to be stored.
        returned: bool,
    },
    /// It is let through now.
    Counted {
        /// The setting with this payment counted.
        setting: PasswordFree,
        /// The payment.
        used: FreeUse,
    },
}

/// Whether the payment may go through without a password on the person's ground, or was let through on either. `offered`:
/// whether the channel offers the person to switch it on.
pub fn judge(facts: &Facts<'_>, offered: bool, amount: Option<Amount>, now: UnixMillis) -> Option<FreeStep> {
    if let Some(used) = stays(facts, offered, amount, now) {
        return Some(FreeStep::Again { used, returned: false });
    }
    let setting = facts.free.filter(|setting| setting.open && offered)?;
    if amount.is_none() && (setting.single_limit.is_some() || setting.day_limit.is_some()) {
        return None;
    }
    if let (Some(limit), Some(amount)) = (setting.single_limit, amount)
        && amount > limit
    {
        return None;
    }
    let step = count(facts, setting, Ground::Person, amount, now)?;
    let FreeStep::Counted { setting, .. } = step else { return None };
    let within = setting.day_limit.is_none_or(|limit| setting.spent <= limit)
        && setting.day_count.is_none_or(|most| setting.used <= most);
    within.then_some(step)
}

/// The same for a notice, which makes the payment the one that was called last.
pub fn judge_notice(
    facts: &Facts<'_>,
    offered: bool,
    amount: Option<Amount>,
    now: UnixMillis,
) -> Option<FreeStep> {
    let step = judge(facts, offered, amount, now)?;
    Some(match step {
        FreeStep::Again { used, .. } if facts.verification.is_some_and(|v| v.asked_at >= used.called_at) => {
            FreeStep::Again { used: FreeUse { called_at: now, ..used }, returned: true }
        }
        step => step,
    })
}

/// Whether the payment may go through on the channel's word.
pub fn on_word(
    facts: &Facts<'_>,
    limits: WordLimits,
    amount: Option<Amount>,
    now: UnixMillis,
) -> Option<FreeStep> {
    // What is not known is not within a limit.
    amount.filter(|amount| *amount <= limits.single)?;
    let step = count(facts, facts.free.unwrap_or(PasswordFree::NONE), Ground::Channel, amount, now)?;
    let FreeStep::Counted { setting, .. } = step else { return None };
    (setting.spent <= limits.day).then_some(step)
}

/// The payment that was let through, if it is this one and still counts.
fn stays(facts: &Facts<'_>, offered: bool, amount: Option<Amount>, now: UnixMillis) -> Option<FreeUse> {
    let used = facts.free_use.filter(|used| used.amount == amount)?;
    // V15: what lies in the future counts as now.
    let at = used.at.min(now);
    if facts.not_me.is_some_and(|said| said >= at) {
        return None;
    }
    let stands = match used.ground {
        Ground::Person => {
            let on = facts.free.is_some_and(|setting| setting.open && setting.since <= at);
            on && offered && now < at.plus(STAY)
        }
        // The life of the token was looked at before.
        Ground::Channel => true,
    };
    stands.then_some(used)
}

/// The payment, counted. Nothing when the sums are too large to be told.
fn count(
    facts: &Facts<'_>,
    setting: PasswordFree,
    ground: Ground,
    amount: Option<Amount>,
    now: UnixMillis,
) -> Option<FreeStep> {
    let today = now.shanghai_day();
    let more = amount.unwrap_or(Amount::ZERO);
    let (spent, used) = setting.used_on(today);
    let before = facts.free_use.filter(|before| before.day == today);
    let day_total = before.map_or(Amount::ZERO, |before| before.day_total).checked_add(more)?;
    Some(FreeStep::Counted {
        setting: PasswordFree {
            day: setting.day.max(today),
            spent: spent.checked_add(more)?,
            used: used.saturating_add(1),
            ..setting
        },
        used: FreeUse { ground, at: now, called_at: now, day: today, amount, day_total },
    })
}
