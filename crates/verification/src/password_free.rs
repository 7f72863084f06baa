//! Settling without a password (V10, 500320).
//!
//! The channel offers it, the person switched it on in this channel, and where the person set limits, the amount
//! is within them. It is judged at each call and never becomes a verification; each time leaves an audit event.
//!
//! A payment is counted once, however often it is asked about: the first call of a token at an institution takes
//! its amount from the day's allowance, and a later call takes only what is more. An amount that is not known
//! cannot be within a limit.

use yanmi_protocol::{Amount, UnixMillis};

use crate::facts::Facts;

/// A person's password-free setting in one channel, and what was used of it on one day.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PasswordFree {
    /// Whether it is switched on.
    pub open: bool,
    /// The most one payment may be.
    pub single_limit: Option<Amount>,
    /// The most all payments of a day may be.
    pub day_limit: Option<Amount>,
    /// How many payments a day may have.
    pub day_count: Option<u32>,
    /// The day the use below belongs to, `yyyyMMdd` in Asia/Shanghai.
    pub day: u32,
    /// What the payments of that day add up to.
    pub spent: Amount,
    /// How many payments there were that day.
    pub used: u32,
}

/// A payment, known by its token and institution, that went through without a password.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FreeUse {
    /// The day it was counted on.
    pub day: u32,
    /// The amount that was counted; nothing when none was named.
    pub amount: Option<Amount>,
}

/// A payment may go through: what is to be stored about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FreeStep {
    /// The setting with this payment counted.
    pub setting: PasswordFree,
    /// The payment.
    pub used: FreeUse,
}

/// Whether the payment may go through without a password. The channel's offer is the caller's to check.
pub fn judge(facts: &Facts<'_>, amount: Option<Amount>, now: UnixMillis) -> Option<FreeStep> {
    let setting = facts.free.filter(|setting| setting.open)?;
    let today = now.shanghai_day();
    let zero = Amount::from_fen(0).ok()?;
    let (spent, used) = if setting.day == today { (setting.spent, setting.used) } else { (zero, 0) };
    let before = facts.free_use.filter(|used| used.day == today);
    let amount = amount.or(before.and_then(|used| used.amount));
    if amount.is_none() && (setting.single_limit.is_some() || setting.day_limit.is_some()) {
        return None;
    }
    if let (Some(limit), Some(amount)) = (setting.single_limit, amount)
        && amount > limit
    {
        return None;
    }
    let counted = before.and_then(|used| used.amount).unwrap_or(zero);
    let more = amount.unwrap_or(zero).fen().saturating_sub(counted.fen()).max(0);
    let spent = spent.checked_add(Amount::from_fen(more).ok()?)?;
    let used = if before.is_some() { used } else { used.saturating_add(1) };
    if setting.day_limit.is_some_and(|limit| spent > limit)
        || setting.day_count.is_some_and(|most| used > most)
    {
        return None;
    }
    Some(FreeStep {
        setting: PasswordFree { day: today, spent, used, ..setting },
        used: FreeUse { day: today, amount: amount.max(before.and_then(|used| used.amount)) },
    })
}
