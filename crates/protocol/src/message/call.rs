//! Which calls there are, and what each may answer: one table, from which the reference, its examples and the tests of
//! the order of checks are made.

use super::{auth_result, decode, notify, password, password_free, password_free_page, pending, status};
use crate::Code;

/// A call of the center by an institution's system or by a channel app.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Call {
    /// 1.7.1, [`notify`].
    Notify,
    /// 1.7.2, [`status`].
    Status,
    /// [`password`].
    Password,
    /// [`decode`].
    Decode,
    /// [`auth_result`].
    AuthResult,
    /// [`pending`].
    Pending,
    /// [`password_free`].
    PasswordFree,
    /// [`password_free_page`].
    PasswordFreePage,
}

impl Call {
    /// Every call: an institution's first, then a channel's.
    pub const ALL: [Self; 8] = [
        Self::Notify,
        Self::Status,
        Self::Password,
        Self::Decode,
        Self::AuthResult,
        Self::Pending,
        Self::PasswordFree,
        Self::PasswordFreePage,
    ];
    /// Those of an institution.
    pub const OF_INSTITUTIONS: [Self; 4] = [Self::Notify, Self::Status, Self::Password, Self::Decode];

    /// Where it is posted, below the center's address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Notify => notify::PATH,
            Self::Status => status::PATH,
            Self::Password => password::PATH,
            Self::Decode => decode::PATH,
            Self::AuthResult => auth_result::PATH,
            Self::Pending => pending::PATH,
            Self::PasswordFree => password_free::PATH,
            Self::PasswordFreePage => password_free_page::PATH,
        }
    }

    /// Its name in Chinese, for the reference.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notify => "通知",
            Self::Status => "状态",
            Self::Password => "密码核验",
            Self::Decode => "解码",
            Self::AuthResult => "认证结果",
            Self::Pending => "待办通知",
            Self::PasswordFree => "免密设置",
            Self::PasswordFreePage => "免密设置页面",
        }
    }

    /// Whether it is sent by a channel app, to the listener of channels.
    pub const fn is_a_channels(self) -> bool {
        matches!(self, Self::AuthResult | Self::Pending | Self::PasswordFree | Self::PasswordFreePage)
    }

    /// Whether it may answer this code.
    pub const fn may_answer(self, code: Code) -> bool {
        let channel = self.is_a_channels();
        match code {
            Code::Success
            | Code::Unknown
            | Code::BadParameter
            | Code::Timeout
            | Code::Denied
            | Code::NoSuchAddress
            | Code::RateLimited => true,
            // For the page: a site that has none.
            Code::NoInterfaceRight => !channel || matches!(self, Self::PasswordFreePage),
            Code::BadOrgCode
            | Code::CredentialNotFound
            | Code::CredentialInactive
            | Code::NotAuthorizedForChannel
            | Code::ChannelNotFound
            | Code::IdentityEmpty
            | Code::InsuredPlaceEmpty
            | Code::CertificationNotFound
            | Code::CertificationDisabled => matches!(self, Self::Notify | Self::Status | Self::Decode),
            Code::IdentityMismatch | Code::PersonDataWrong | Code::NationalCenterFailed => {
                !channel || matches!(self, Self::AuthResult)
            }
            Code::BadAuthNo | Code::BadNoticeNo => matches!(self, Self::AuthResult),
            Code::BadChannelParameter => channel,
            Code::PasswordNotSet | Code::TooFrequent => {
                matches!(self, Self::Notify | Self::Password | Self::AuthResult)
            }
            Code::BusinessTypeNotFound | Code::NoSettlementAtDecode => matches!(self, Self::Decode),
            Code::NoticeFailed | Code::NoSettlement => matches!(self, Self::Notify),
            Code::PasswordFree => matches!(self, Self::Notify | Self::Status),
        }
    }

    /// The codes it may answer, in the order of section 1.9.
    pub fn codes(self) -> impl Iterator<Item = Code> {
        Code::ALL.into_iter().filter(move |code| self.may_answer(*code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_of_a_call() {
        for code in Code::ALL {
            assert!(Call::ALL.into_iter().any(|call| call.may_answer(code)), "{code}");
        }
        let of_institutions: Vec<Call> = Call::ALL.into_iter().filter(|call| !call.is_a_channels()).collect();
        assert_eq!(of_institutions, Call::OF_INSTITUTIONS);
    }
}
