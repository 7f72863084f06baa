//! What the playing center answers a call of the app.

use yanmi_protocol::Code;

/// An answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Play {
    /// `acptFlag` "1".
    Accepted,
    /// `acptFlag` "0": so many tries are left.
    WrongPassword(u32),
    /// A refusal.
    Refused(Code),
    /// A success with a mac that is not its own.
    WrongMac,
    /// A success with the mac of the answer to another request.
    PlayedBack,
    /// A success that is sealed with another key.
    WrongKey,
    /// The connection is reset.
    Reset,
    /// No answer, for as long as the app waits.
    Hang,
    /// What is pending.
    Pending,
    /// Password-free settlement is as was asked for.
    Switched,
}

impl Play {
    /// Whether a report brought no result, so that it is to be repeated.
    pub const fn is_no_result(self) -> bool {
        matches!(
            self,
            Self::Reset
                | Self::Hang
                | Self::WrongMac
                | Self::PlayedBack
                | Self::WrongKey
                | Self::Refused(Code::Unknown | Code::Timeout)
        )
    }
}
