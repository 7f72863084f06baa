//! What the playing center answers a call.

use yanmi_protocol::Code;

/// An answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Play {
    /// Code 0, `notcFlag` "1".
    Notified,
    /// Code 0, `notcFlag` "0".
    NotNotified,
    /// Code 0, `checkStas` "1".
    Confirmed,
    /// Code 0, `checkStas` "0".
    Unconfirmed,
    /// 500320.
    PasswordFree,
    /// Another code.
    Refused(Code),
    /// -6 or 500084: asks to wait so many seconds.
    Limited(Code, u64),
    /// -2: the clock is off by more than the window; says what time it is.
    ClockOff,
    /// What was asked for, but only after a few seconds.
    Late,
    /// What was asked for, with members nobody knows.
    Extra,
    /// A refusal that carries a sealed success all the same.
    Contradiction,
    /// `checkStas` "1" from yesterday, played back.
    Replayed,
    /// `checkStas` "1" of another notice of today.
    Foreign,
    /// Sealed with another key.
    WrongKey,
    /// `checkStas` (or `notcFlag`) twice, with both values.
    Twice,
    /// The connection ends in the middle of the body.
    Truncated,
    /// An error page of a proxy, with the status 200.
    Html,
    /// HTTP 503.
    Unavailable,
    /// The connection is reset.
    Reset,
    /// No answer at all.
    Hang,
}

impl Play {
    /// Whether the institution gets a success it is to believe.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Notified | Self::Confirmed | Self::Late | Self::Extra)
    }
}
