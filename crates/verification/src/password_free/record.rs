//! What is stored and registered about settling without a password.

use std::fmt;
use std::str::FromStr;

use yanmi_protocol::{Amount, UnixMillis};

/// A person's password-free setting in one channel, and what was used of it on one day.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PasswordFree {
    /// Whether it is switched on.
    pub open: bool,
    /// Since when it has been on without a break, or when it was last switched off. What was let through before that
    /// moment does not count any more.
    pub since: UnixMillis,
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

impl PasswordFree {
    /// What there is of somebody who never switched anything.
    pub const NONE: Self = Self {
        open: false,
        since: UnixMillis::new(0),
        single_limit: None,
        day_limit: None,
        day_count: None,
        day: 0,
        spent: Amount::ZERO,
        used: 0,
    };

    /// What was used of it on `today`. A day that lies in the future, because a clock was set back, counts as today (V15).
    pub(super) const fn used_on(&self, today: u32) -> (Amount, u32) {
        if self.day >= today { (self.spent, self.used) } else { (Amount::ZERO, 0) }
    }
}

/// Why a payment needs no password.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ground {
    /// The person switched it on.
    Person,
    /// The channel said so in its answer to a notice.
    Channel,
}

/// The latest payment of a token at an institution that went through without a password.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FreeUse {
    /// Why it went through.
    pub ground: Ground,
    /// When its first call was.
    pub at: UnixMillis,
    /// When a notice was asked for about it last: a query, which names no amount, is about the latest call.
    pub called_at: UnixMillis,
    /// The day it was counted on.
    pub day: u32,
    /// The amount that was counted; nothing when none was named.
    pub amount: Option<Amount>,
    /// What all payments of the token at the institution on that day add up to.
    pub day_total: Amount,
}

/// The most that is taken on a channel's word. It is registered with the channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WordLimits {
    /// The most one payment may be.
    pub single: Amount,
    /// The most that all payments of a person without a password in this channel may add up to in a day.
    pub day: Amount,
}

/// Why a text is no [`WordLimits`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WordLimitsError {
    /// It is not two amounts with a comma between them.
    NotTwoAmounts,
    /// One payment may be more than all of a day.
    SingleAboveDay,
}

impl fmt::Display for WordLimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTwoAmounts => "应为两个金额，单笔与当日，如 200,500",
            Self::SingleAboveDay => "单笔限额不能大于当日限额",
        })
    }
}

impl std::error::Error for WordLimitsError {}

/// Reads them as an operator writes them: `200,500`, the single payment first.
impl FromStr for WordLimits {
    type Err = WordLimitsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (single, day) = text.split_once(',').ok_or(WordLimitsError::NotTwoAmounts)?;
        let amount = |text: &str| text.trim().parse::<Amount>().map_err(|_| WordLimitsError::NotTwoAmounts);
        let (single, day) = (amount(single)?, amount(day)?);
        if single > day { Err(WordLimitsError::SingleAboveDay) } else { Ok(Self { single, day }) }
    }
}

impl fmt::Display for WordLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.single, self.day)
    }
}
