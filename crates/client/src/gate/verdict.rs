//! What the gate answers: grounds to settle, or a reason not to and the clerk's next step.

use serde::{Deserialize, Serialize};
use yanmi_protocol::{Amount, UnixMillis};

use super::advice::Advice;
use super::record::Way;
use super::rules::{Exemption, Settlement};
use super::wire;

/// The three answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Settle.
    Settle(Grounds),
    /// Do not settle yet.
    Refuse(Advice),
    /// Do not settle; the online way is not to be had now, so take an offline one (1.4.3.2(8)A).
    FallBack(Advice),
}

impl Verdict {
    /// Whether to settle.
    pub const fn settles(&self) -> bool {
        matches!(self, Self::Settle(_))
    }
}

/// Why to settle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Grounds {
    /// The person was verified.
    Proven(Proof),
    /// Nothing had to be verified.
    NotGated(Exemption),
}

/// By which way somebody was verified.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProofWay {
    /// Online; how in the channel, the center did not say.
    Online,
    /// Online, by the credential password (01).
    OnlinePassword,
    /// Online, by face (02).
    OnlineFace,
    /// Online, by the channel's own payment password (03).
    OnlineChannel,
    /// At the terminal, by face: as the medium, or as the check.
    TerminalFace,
    /// At the terminal, by the credential password.
    TerminalPassword,
    /// Through the dynamic library, by the credential password.
    LibraryPassword,
}

impl ProofWay {
    /// The way in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "线上密码核验认证",
            Self::OnlinePassword => "线上：医保电子凭证密码",
            Self::OnlineFace => "线上：人脸识别",
            Self::OnlineChannel => "线上：渠道支付密码",
            Self::TerminalFace => "医保终端刷脸",
            Self::TerminalPassword => "医保终端密码核验",
            Self::LibraryPassword => "动态库密码核验",
        }
    }

    pub(super) fn of(way: Way, told: Option<&str>) -> Self {
        match (way, told) {
            (Way::TerminalFace, _) => Self::TerminalFace,
            (Way::TerminalPassword, _) => Self::TerminalPassword,
            (Way::LibraryPassword, _) => Self::LibraryPassword,
            (Way::Online, Some("01")) => Self::OnlinePassword,
            (Way::Online, Some("02")) => Self::OnlineFace,
            (Way::Online, Some("03")) => Self::OnlineChannel,
            (Way::Online, _) => Self::Online,
        }
    }
}

/// The proof a settlement rests on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// By which way.
    pub way: ProofWay,
    /// When: of the confirmation where the center tells it, of the answer otherwise.
    #[serde(with = "wire::number")]
    pub at: UnixMillis,
    /// `resBizNo`, or the number of terminal or library.
    pub serial: Option<String>,
    /// Whether it is 500320: nobody entered anything.
    pub password_free: bool,
    /// Up to which amount it counts; nothing when to any.
    #[serde(with = "wire::optional_number")]
    pub covers: Option<Amount>,
    /// Whether nothing but somebody's word shows it (`gate.bare_claims`).
    #[serde(default)]
    pub claimed: bool,
}

impl Grounds {
    /// The grounds in Chinese, in a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Proven(proof) if proof.password_free => "免密（500320）".to_owned(),
            Self::Proven(proof) if proof.claimed => {
                format!("{}（无流水号，仅凭登记，本机构设置采信）", proof.way.name())
            }
            Self::Proven(proof) => proof.way.name().to_owned(),
            Self::NotGated(exemption) => exemption.name().to_owned(),
        }
    }
}

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

/// A verdict and what it was about, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// What was to be settled.
    pub kind: Settlement,
    /// How much.
    #[serde(with = "wire::number")]
    pub amount: Amount,
    /// When it was decided.
    #[serde(with = "wire::number")]
    pub at: UnixMillis,
}
