//! What the gate answers: grounds to settle, or a reason not to and the clerk's next step.

use serde::{Deserialize, Serialize};
use yanmi_protocol::code::Party;
use yanmi_protocol::{Amount, Code, UnixMillis};

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
    /// The offline check has not been made.
    OfflineMissing,
    /// The offline check failed.
    OfflineFailed,
    /// Terminal or library cannot be used.
    OfflineUnavailable,
}

/// Open the channel app first, then send again (1.4.4(5)A, B).
pub(super) const SEND_AGAIN: &str =
    "请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。";
/// Then look into the messages (C).
const LOOK: &str = "请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。";
/// Then another app, or offline (D, E).
const SWITCH: &str = "请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用线下密码核验认证方式。";
const OFFLINE: &str =
    "请改用线下密码核验认证方式（医保终端刷脸、医保终端密码或动态库密码）；也可稍后重新发起认证通知。";
const RENOTIFY: &str = "请按本次结算金额重新发起认证通知，再确认结算。";

/// The next step for somebody who has not confirmed after so many notices (1.4.4(5)A to E).
pub(super) const fn after_notices(notices: u32) -> &'static str {
    match notices {
        0 | 1 => SEND_AGAIN,
        2 => LOOK,
        _ => SWITCH,
    }
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::NoWay,
        Self::NotNotified,
        Self::NotConfirmed,
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
        Self::OfflineMissing,
        Self::OfflineFailed,
        Self::OfflineUnavailable,
    ];

    /// The reason and the next step, in Chinese, where nothing more is known.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NoWay => {
                ("尚未选择安全认证方式", "请为参保人发起线上认证通知，或采用线下密码核验认证方式。")
            }
            Self::NotNotified => ("尚未发起线上认证通知", "请为参保人发起线上密码核验认证通知。"),
            Self::NotConfirmed => ("参保人尚未完成线上认证，结算前需先完成安全认证", SEND_AGAIN),
            Self::AmountNotCovered => ("参保人确认的金额低于本次结算金额", RENOTIFY),
            Self::AnotherToken => ("核验的不是本次就诊的令牌", "请对本次展码的参保人重新核验。"),
            Self::AnotherSerial => ("核验状态不是对本次通知的答复", RENOTIFY),
            Self::ProofExpired => ("认证已超过有效时间", "请重新进行安全认证。"),
            Self::StatusMissing => ("核验状态未查询或已过时", "请再次点击确认结算，系统将重新查询。"),
            Self::Foreign => ("中心的应答不可信", RENOTIFY),
            Self::NoticeFailed => ("通知参保人的渠道应用失败", OFFLINE),
            Self::TimedOut => ("请求中心超时", OFFLINE),
            Self::Unreachable => ("无法得到中心的应答", OFFLINE),
            Self::Refused => ("中心拒绝了请求", OFFLINE),
            Self::OfflineMissing => (
                "尚未完成线下密码核验",
                "请参保人在医保终端或动态库上自行完成核验；经办人员不可代为输入密码。",
            ),
            Self::OfflineFailed => (
                "线下密码核验未通过，只有核验成功后才可继续办理",
                "请参保人重新核验；忘记密码的可刷脸，或采用线上密码核验认证方式。",
            ),
            Self::OfflineUnavailable => {
                ("线下核验设备或动态库不可用", "请换一种线下方式；展码的也可采用线上密码核验认证方式。")
            }
        }
    }

    /// The advice with the reason's own words.
    pub(super) fn advice(self) -> Advice {
        let (why, next) = self.words();
        Advice { reason: self, code: None, why: why.to_owned(), next: next.to_owned() }
    }

    pub(super) fn refuse(self) -> Verdict {
        Verdict::Refuse(self.advice())
    }

    /// Refuses or falls back, with what is known beyond the reason.
    pub(super) fn told(self, why: &str) -> Advice {
        let (own, next) = self.words();
        Advice { reason: self, code: None, why: format!("{own}：{why}"), next: next.to_owned() }
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
    /// The one next step, in Chinese.
    pub next: String,
}

/// What a refusal of the center means for the settlement: network trouble and failed notices lead offline, the rest
/// is put in order first.
pub(super) fn refused(number: i64, message: &str) -> Verdict {
    let code = Code::from_number(number);
    let (reason, falls_back) = match code {
        Some(Code::NoticeFailed | Code::NoSettlement) => (Reason::NoticeFailed, true),
        Some(Code::Timeout) => (Reason::TimedOut, true),
        Some(Code::Unknown | Code::NationalCenterFailed) => (Reason::Unreachable, true),
        _ => (Reason::Refused, false),
    };
    let next = match code.map(|code| (code.party(), code.advice())) {
        Some((Party::Clerk | Party::InsuredPerson, advice)) => advice.to_owned(),
        Some((_, advice)) => format!("本次请采用线下密码核验认证方式，并告知信息科：{advice}"),
        None => reason.words().1.to_owned(),
    };
    let advice = Advice { reason, code: Some(number), why: format!("{message}（{number}）"), next };
    if falls_back { Verdict::FallBack(advice) } else { Verdict::Refuse(advice) }
}

/// What no answer means: the offline way (1.4.3.2(8)A).
pub(super) fn no_answer(timed_out: bool, message: &str) -> Verdict {
    // That it was not in time is all there is to say about it.
    let advice = if timed_out { Reason::TimedOut.advice() } else { Reason::Unreachable.told(message) };
    Verdict::FallBack(advice)
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
