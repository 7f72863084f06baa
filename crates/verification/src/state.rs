//! The states of a verification, and how one looks at a given moment.

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, NoticeNo, SerialNo, UnixMillis};

use crate::policy::ConfirmedAmount;

/// Why a person's answer ended an attempt without a confirmation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DeclineReason {
    /// The person cancelled.
    Cancelled,
    /// The person says it is not them.
    NotMe,
    /// Too many wrong passwords.
    WrongPassword,
    /// The channel could not have it confirmed.
    ChannelFailed,
}

/// Why a notice did not reach its channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Undelivered {
    /// No connection.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The channel refused it.
    Refused,
    /// The channel answered with a server error.
    ServerError,
    /// The channel's answer could not be understood.
    BadAnswer,
    /// Too many calls to the channel are under way.
    Busy,
    /// The channel failed so often lately that it is left alone for a while.
    Resting,
    /// The channel's address is not allowed.
    AddressRefused,
}

impl Undelivered {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unreachable,
        Self::TimedOut,
        Self::Refused,
        Self::ServerError,
        Self::BadAnswer,
        Self::Busy,
        Self::Resting,
        Self::AddressRefused,
    ];

    /// Its code, which is stored and counted: it is never changed or used for another.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Refused => "refused",
            Self::ServerError => "server_error",
            Self::BadAnswer => "bad_answer",
            Self::Busy => "busy",
            Self::Resting => "resting",
            Self::AddressRefused => "address_refused",
        }
    }

    /// The one of a code; nothing for any other text.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// Who confirmed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Confirmer {
    /// The insured person.
    Holder,
    /// Somebody else for the person, whose name the channel gave.
    Another,
}

/// Where an attempt stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Stored, and on its way to the channel.
    Asked,
    /// The channel took the notice.
    Notified {
        /// When it did.
        taken_at: UnixMillis,
    },
    /// The person confirmed.
    Verified {
        /// How.
        way: Way,
        /// When.
        at: UnixMillis,
        /// Until when it counts.
        valid_until: UnixMillis,
        /// Who.
        by: Confirmer,
    },
    /// The person, or the channel for them, ended it without a confirmation.
    Declined {
        /// Why.
        reason: DeclineReason,
        /// When.
        at: UnixMillis,
    },
    /// Nobody answered in time.
    Expired {
        /// When its life ended.
        at: UnixMillis,
    },
    /// The notice did not reach the channel.
    Undelivered {
        /// Why.
        reason: Undelivered,
        /// When that was known.
        at: UnixMillis,
    },
}

/// One verification: the latest attempt to have one person confirm for one institution, and how many there were.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Verification {
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The attempt's notice number.
    pub notice: NoticeNo,
    /// The serial number of the latest notice call, which a status query answers.
    pub serial: SerialNo,
    /// The amount the attempt asks the person to confirm.
    pub amount: Option<Amount>,
    /// When the latest notice was asked for.
    pub asked_at: UnixMillis,
    /// Until when the attempt can be confirmed.
    pub expires_at: UnixMillis,
    /// Notices asked for so far.
    pub notices: u32,
    /// When the first of them was.
    pub first_at: UnixMillis,
    /// Where the attempt stands, as last stored. Ask [`Verification::state_at`] instead.
    pub state: State,
}

impl Verification {
    /// Where the attempt stands at `now`: one that nobody answered in time is expired, stored or not.
    pub fn state_at(&self, now: UnixMillis) -> State {
        match self.state {
            State::Asked | State::Notified { .. } if self.is_past(now) => {
                State::Expired { at: self.expires_at }
            }
            state => state,
        }
    }

    /// Whether its life is over. V15: a time before the latest notice was asked for, because a clock was set back, counts as the time
    /// of the notice.
    fn is_past(&self, now: UnixMillis) -> bool {
        now.max(self.asked_at) >= self.expires_at
    }

    /// The same, over: whatever a clock is set to, nobody can answer it any more.
    pub(crate) const fn ended(self) -> Self {
        Self { expires_at: self.asked_at, ..self }
    }

    /// V9: whether the institution may settle. True exactly when confirmed, and the confirmation still counts.
    pub fn is_confirmed(&self, now: UnixMillis) -> bool {
        matches!(self.state, State::Verified { valid_until, .. } if now < valid_until)
    }

    /// Whether the person can still answer the attempt.
    pub fn is_open(&self, now: UnixMillis) -> bool {
        matches!(self.state_at(now), State::Asked | State::Notified { .. })
    }

    /// Whether the attempt is open, or would be if its channel took the notice after all.
    pub fn can_be_taken(&self, now: UnixMillis) -> bool {
        self.is_open(now) || (matches!(self.state, State::Undelivered { .. }) && !self.is_past(now))
    }

    /// Whether it is open, or could be again by a delivery told late or by a clock that is set back.
    pub(crate) fn may_come_back(&self) -> bool {
        let unanswered =
            matches!(self.state, State::Asked | State::Notified { .. } | State::Undelivered { .. });
        unanswered && self.asked_at < self.expires_at
    }

    /// V5: whether a confirmation at hand is about a payment of `amount`.
    pub fn covers(&self, amount: Option<Amount>, rule: ConfirmedAmount) -> bool {
        match (rule, self.amount, amount) {
            (ConfirmedAmount::UpTo, Some(confirmed), Some(asked)) => asked <= confirmed,
            (_, confirmed, asked) => asked == confirmed,
        }
    }
}
