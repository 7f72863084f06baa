//! Why a rule says no.

use std::time::Duration;

use yanmi_protocol::Code;

/// A refusal of the rules, each with its return code (section 2 of the reading, steps 8 to 13).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// The token is unknown, or its life is over.
    TokenUnknown,
    /// The credential is not activated.
    CredentialInactive,
    /// There is no identity behind the credential.
    IdentityEmpty,
    /// The person's insured place is empty.
    InsuredPlaceEmpty,
    /// The identity does not match.
    IdentityMismatch,
    /// The person's data are wrong.
    PersonDataWrong,
    /// The channel is not registered.
    ChannelUnknown,
    /// The channel has no certification record.
    RecordMissing,
    /// The channel's certification record is disabled.
    RecordDisabled,
    /// The person did not authorize this channel.
    NotAuthorized,
    /// The channel does not support settlement.
    NoSettlement,
    /// The person was asked too often; the time until the next notice may go out.
    TooFrequent {
        /// How long to wait. Never zero.
        wait: Duration,
    },
    /// The person said a moment ago that it was not them whom this institution asked about.
    Quiet {
        /// How long the person is left alone. Never zero.
        wait: Duration,
    },
    /// The only way the channel offers is the credential password, and the person has none.
    PasswordNotSet,
    /// The notice is unknown, superseded, expired or finished.
    NoticeNotLive,
    /// The face authorization confirmed another notice already (V12).
    AuthorizationUsed,
    /// Too many wrong passwords in a row.
    PasswordLocked {
        /// How long the check stays locked. Never zero.
        wait: Duration,
    },
}

impl Refusal {
    /// Whether it rests on what the national center once said about the credential, which the person may have put in
    /// order since.
    pub const fn rests_on_the_credential(self) -> bool {
        matches!(
            self,
            Self::CredentialInactive
                | Self::IdentityEmpty
                | Self::InsuredPlaceEmpty
                | Self::IdentityMismatch
                | Self::PersonDataWrong
                | Self::NotAuthorized
                | Self::PasswordNotSet
        )
    }

    /// The return code.
    pub const fn code(self) -> Code {
        match self {
            Self::TokenUnknown => Code::CredentialNotFound,
            Self::CredentialInactive => Code::CredentialInactive,
            Self::IdentityEmpty => Code::IdentityEmpty,
            Self::InsuredPlaceEmpty => Code::InsuredPlaceEmpty,
            Self::IdentityMismatch => Code::IdentityMismatch,
            Self::PersonDataWrong => Code::PersonDataWrong,
            Self::ChannelUnknown => Code::ChannelNotFound,
            Self::RecordMissing => Code::CertificationNotFound,
            Self::RecordDisabled => Code::CertificationDisabled,
            Self::NotAuthorized => Code::NotAuthorizedForChannel,
            Self::NoSettlement => Code::NoSettlement,
            Self::TooFrequent { .. } | Self::Quiet { .. } | Self::PasswordLocked { .. } => Code::TooFrequent,
            Self::PasswordNotSet => Code::PasswordNotSet,
            Self::NoticeNotLive => Code::BadNoticeNo,
            Self::AuthorizationUsed => Code::BadAuthNo,
        }
    }
}
