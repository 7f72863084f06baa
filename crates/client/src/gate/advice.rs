//! Why something is not to be settled, and what the clerk does next: what is told, without how it is found.

use serde::{Deserialize, Serialize};

use super::record::Way;

/// Why not to settle, in a word for programs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// No way was chosen yet.
    NoWay,
    /// Online was chosen, and no notice sent.
    NotNotified,
    /// The person has not confirmed (`checkStas` "0").
    NotConfirmed,
    /// The person cancelled.
    Cancelled,
    /// The person said that it is somebody else.
    NotMe,
    /// Too many wrong passwords.
    Locked,
    /// The notice was not answered in time, or what was confirmed is too old.
    Lapsed,
    /// The channel app could not have the person confirm.
    ChannelFailed,
    /// What was confirmed is less than what is to be settled.
    AmountNotCovered,
    /// What was verified belongs to another token.
    AnotherToken,
    /// The answer's serial is not that of our notice.
    AnotherSerial,
    /// The proof is too old.
    ProofExpired,
    /// The center was not asked for this decision, or something changed meanwhile.
    StatusMissing,
    /// The answer cannot be that to our question.
    Foreign,
    /// The notice failed for something that lies with the channel or the center.
    NoticeFailed,
    /// No answer came in time.
    TimedOut,
    /// The center cannot be reached, or what answers is no center.
    Unreachable,
    /// The center refused for something that lies with the person, the request or the registration.
    Refused,
    /// A face or an offline check is said to have been passed, and nothing shows it: no serial, no device that is plugged in.
    NoEvidence,
    /// The offline check has not been made.
    OfflineMissing,
    /// The offline check failed.
    OfflineFailed,
    /// Terminal or library cannot be used.
    OfflineUnavailable,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 22] = [
        Self::NoWay,
        Self::NotNotified,
        Self::NotConfirmed,
        Self::Cancelled,
        Self::NotMe,
        Self::Locked,
        Self::Lapsed,
        Self::ChannelFailed,
        Self::AmountNotCovered,
        Self::AnotherToken,
        Self::AnotherSerial,
        Self::ProofExpired,
        Self::StatusMissing,
        Self::Foreign,
        Self::NoticeFailed,
        Self::TimedOut,
        Self::Unreachable,
        Self::Refused,
        Self::NoEvidence,
        Self::OfflineMissing,
        Self::OfflineFailed,
        Self::OfflineUnavailable,
    ];

    /// The reason in Chinese, where nothing more is known.
    pub const fn why(self) -> &'static str {
        match self {
            Self::NoWay => "尚未选择安全认证方式",
            Self::NotNotified => "尚未发起线上认证通知",
            Self::NotConfirmed => "参保人尚未完成线上认证，结算前需先完成安全认证",
            Self::Cancelled => "参保人取消了认证",
            Self::NotMe => "参保人表示非本人办理",
            Self::Locked => "密码错误次数过多，已锁定",
            Self::Lapsed => "参保人未在有效时间内认证，或认证已失效",
            Self::ChannelFailed => "渠道应用未能完成认证",
            Self::AmountNotCovered => "参保人确认的金额低于本次结算金额",
            Self::AnotherToken => "核验的不是本次就诊的令牌",
            Self::AnotherSerial => "核验状态不是对本次通知的答复",
            Self::ProofExpired => "认证已超过有效时间",
            Self::StatusMissing => "核验状态未查询或已过时",
            Self::Foreign => "中心的应答不可信",
            Self::NoticeFailed => "通知参保人的渠道应用失败",
            Self::TimedOut => "请求中心超时",
            Self::Unreachable => "无法得到中心的应答",
            Self::Refused => "中心拒绝了请求",
            Self::NoEvidence => "登记为通过，但没有流水号，也不是由接入的设备核验的",
            Self::OfflineMissing => "尚未完成线下密码核验",
            Self::OfflineFailed => "线下密码核验未通过，只有核验成功后才可继续办理",
            Self::OfflineUnavailable => "线下核验设备或动态库不可用",
        }
    }
}

/// A next step, for programs; the words are in [`Advice::next`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NextStep {
    /// Send a notice, with the amount that is to be settled.
    Notify,
    /// Have the person show another code, and send a notice.
    Rescan,
    /// Wait for the person, who confirms in the app.
    Wait,
    /// Ask the gate again.
    Ask,
    /// Check the face at the terminal.
    TerminalFace,
    /// Check the password at the terminal.
    TerminalPassword,
    /// Check the password through the dynamic library.
    LibraryPassword,
    /// Find out who is there.
    Identify,
    /// Tell the information department.
    Inform,
}

impl NextStep {
    /// The offline way a step is, when it is one.
    pub const fn way(self) -> Option<Way> {
        match self {
            Self::TerminalFace => Some(Way::TerminalFace),
            Self::TerminalPassword => Some(Way::TerminalPassword),
            Self::LibraryPassword => Some(Way::LibraryPassword),
            _ => None,
        }
    }

    pub(super) const fn by(way: Way) -> Self {
        match way {
            Way::Online => Self::Notify,
            Way::TerminalFace => Self::TerminalFace,
            Way::TerminalPassword => Self::TerminalPassword,
            Way::LibraryPassword => Self::LibraryPassword,
        }
    }
}

/// What is told to the clerk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Advice {
    /// The reason, for programs.
    pub reason: Reason,
    /// The center's return code, when it is one (section 1.9).
    pub code: Option<i64>,
    /// The reason in Chinese.
    pub why: String,
    /// What to do next, in Chinese.
    pub next: String,
    /// The same for programs, what is to be tried first before the rest.
    #[serde(default)]
    pub steps: Vec<NextStep>,
}
