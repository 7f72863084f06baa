//! Why the center says no: one closed enum, and one table that maps it to code, words and loudness.
//!
//! The public text goes to the caller. What the caller must not learn (why an envelope did not open, what is broken
//! on our side) is the cause, which goes to the log only.

use std::time::Duration;

use http::StatusCode;
use yanmi_protocol::envelope::{EnvelopeError, OpenError};
use yanmi_protocol::message::decode;
use yanmi_protocol::{AccountId, Code, MemberError, UnixMillis};
use yanmi_verification::Refusal as Rule;

use crate::delivery::deliver::DeliveryFailure;
use crate::ledger::Unavailable;
use crate::national::NationalError;
use yanmi_http::BodyError;

/// A refusal. The order of the variants is about that of the checks.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No such address under `/cfc/api/`; the path that was asked for, cut.
    NoSuchAddress(String),
    /// Not POST.
    NotPost,
    /// The body did not arrive.
    Body(BodyError),
    /// The envelope is wrong outside.
    Envelope(EnvelopeError),
    /// A decode request is wrong.
    Decode(decode::RequestError),
    /// The account is unknown, disabled, or its key does not open the envelope.
    Denied(Denied),
    /// Too many envelopes from this address did not open.
    OpeningsLimited(Duration),
    /// The sender's clock is too far off.
    Timestamp { now: UnixMillis, window: Duration },
    /// The account calls too often.
    RateLimited(Duration),
    /// The account may not make this call.
    NoRight,
    /// A member of an institution's message is wrong.
    Member(MemberError),
    /// A member of a channel's message is wrong.
    ChannelMember(MemberError),
    /// The institution is not registered, not active, or not the account's.
    BadOrgCode(OrgProblem),
    /// The business type is not in the dictionary.
    BusinessType,
    /// Decode for settlement, on a channel that does not support it.
    NoSettlementAtDecode,
    /// A rule of the verification.
    Rule(Rule),
    /// No password is needed.
    PasswordFree,
    /// The channel did not take the notice.
    NoticeFailed(DeliveryFailure),
    /// The same envelope came again, and what it asks for cannot be told without doing it.
    Repeated,
    /// Another try of the same password came first: this one was not begun. Only a page says how many there were.
    OtherTries,
    /// A face authorization number is not valid.
    BadAuthNo,
    /// The national center refused, failed, or gave no answer.
    National(NationalError),
    /// The ledger cannot decide now.
    Ledger(Unavailable),
    /// Something of ours is broken; what, is for the log.
    Broken(String),
}

/// What is wrong with an institution's code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OrgProblem {
    /// Not `H` or `P` and eleven digits.
    Form,
    /// Nobody registered it.
    Unknown,
    /// It is switched off.
    Inactive,
    /// It is registered for another account.
    AnotherAccount,
}

impl OrgProblem {
    const fn words(self) -> &'static str {
        match self {
            Self::Form => "应为 H 或 P 加 11 位数字",
            Self::Unknown => "该机构代码没有登记",
            Self::Inactive => "该机构已停用",
            Self::AnotherAccount => "该机构没有登记在本业务系统编码之下",
        }
    }
}

/// Why somebody is not let in. Never told to the caller (E7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Denied {
    /// There is no such account or channel.
    Unknown,
    /// There is none, and it says that it is of joint debugging: of another center.
    Trial,
    /// It is switched off.
    Disabled,
    /// The envelope does not open with its key.
    Sealed(OpenError),
    /// The envelope has no mac, and has to have one.
    NoMac,
    /// The envelope opens, but its mac is not of this envelope, path and key.
    WrongMac,
    /// It is the account's, but came from outside the networks registered for it.
    Elsewhere,
}

impl Denied {
    /// Of whom nobody is registered under this `orgId`.
    pub(crate) fn nobody(org_id: &str) -> Self {
        if AccountId::is_trial_text(org_id) { Self::Trial } else { Self::Unknown }
    }
}

impl Refusal {
    /// The return code.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::NoSuchAddress(_) => Code::NoSuchAddress,
            Self::NotPost
            | Self::Envelope(_)
            | Self::Decode(_)
            | Self::Timestamp { .. }
            | Self::Repeated
            | Self::Member(_)
            | Self::Body(BodyError::TooLarge(_) | BodyError::Broken) => Code::BadParameter,
            Self::Body(BodyError::TimedOut(_)) | Self::National(NationalError::TimedOut) => Code::Timeout,
            Self::Denied(_) => Code::Denied,
            Self::OpeningsLimited(_)
            | Self::RateLimited(_)
            | Self::OtherTries
            | Self::Ledger(Unavailable::Full)
            | Self::Body(BodyError::NoRoom) => Code::RateLimited,
            Self::NoRight => Code::NoInterfaceRight,
            Self::ChannelMember(_) => Code::BadChannelParameter,
            Self::BadOrgCode(_) => Code::BadOrgCode,
            Self::BusinessType => Code::BusinessTypeNotFound,
            Self::NoSettlementAtDecode => Code::NoSettlementAtDecode,
            Self::Rule(rule) => rule.code(),
            Self::PasswordFree => Code::PasswordFree,
            Self::NoticeFailed(_) => Code::NoticeFailed,
            Self::BadAuthNo => Code::BadAuthNo,
            Self::National(NationalError::Refused(code)) => *code,
            Self::National(NationalError::Busy | NationalError::Failed(_)) => Code::NationalCenterFailed,
            Self::Ledger(_) | Self::Broken(_) => Code::Unknown,
        }
    }

    /// The text the caller reads.
    pub(crate) fn message(&self) -> String {
        let plain = self.code().message();
        match self {
            Self::NoSuchAddress(path) => format!("{plain}：收到的路径为 {path}"),
            Self::NotPost => format!("{plain}：应采用 POST 方法提交"),
            Self::Repeated => {
                format!(
                    "{plain}：同一报文（mac 相同）此前已受理，未再次办理；确需再次办理的，请以新的 timestamp 重新加密后提交"
                )
            }
            Self::RateLimited(_)
            | Self::OpeningsLimited(_)
            | Self::OtherTries
            | Self::Ledger(Unavailable::Full)
            | Self::Body(BodyError::NoRoom) => {
                format!("{plain}，请 {} 秒后再试", self.retry_after().unwrap_or(1))
            }
            Self::Body(error) => format!("{plain}：{error}"),
            Self::Envelope(error) => format!("{plain}：{error}"),
            Self::Decode(error) => format!("{plain}：{error}"),
            Self::Member(error) | Self::ChannelMember(error) => format!("{plain}：{error}"),
            Self::Timestamp { now, window } => {
                format!("{plain}：timestamp 与服务器时间相差超过 {} 秒，服务器时间为 {now}", window.as_secs())
            }
            Self::NoticeFailed(failure) => format!("{plain}{}", failure.reason()),
            Self::BadOrgCode(problem) => format!("{plain}：{}", problem.words()),
            Self::Rule(Rule::Quiet { wait }) => {
                let minutes = whole_seconds(*wait).div_ceil(60);
                format!(
                    "{plain}：参保人刚表示非本人办理，{minutes} 分钟内不再通知。请核实持码人身份；核实为本人的，采用线下密码核验认证方式"
                )
            }
            _ => plain.to_owned(),
        }
    }

    /// Seconds after which the same call may succeed, for the `Retry-After` header.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited(wait) | Self::OpeningsLimited(wait) => Some(whole_seconds(*wait)),
            Self::OtherTries | Self::Ledger(Unavailable::Full) | Self::Body(BodyError::NoRoom) => Some(1),
            _ => None,
        }
    }

    /// The HTTP status: 200, except where the process sheds load before it has read the request (E11).
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Body(BodyError::NoRoom) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        }
    }

    /// The member that is wrong, where it is one.
    pub(crate) fn member(&self) -> Option<&'static str> {
        match self {
            Self::Member(error)
            | Self::ChannelMember(error)
            | Self::Envelope(EnvelopeError::Member(error))
            | Self::Decode(decode::RequestError::Member(error)) => Some(error.member),
            _ => None,
        }
    }

    /// What is for the log only.
    pub(crate) fn cause(&self) -> Option<String> {
        match self {
            Self::Denied(Denied::Unknown) => Some("业务系统编码不存在".to_owned()),
            Self::Denied(Denied::Trial) => Some("该编码属于联调环境，本中心没有登记".to_owned()),
            Self::Denied(Denied::Disabled) => Some("业务系统编码已停用".to_owned()),
            Self::Denied(Denied::Sealed(why)) => Some(why.to_string()),
            Self::Body(BodyError::NoRoom) => Some("未打开的请求体合计已达上限".to_owned()),
            Self::Denied(Denied::NoMac) => Some("登记为必须带 mac，报文没有 mac".to_owned()),
            Self::Denied(Denied::WrongMac) => Some("mac 不符（密钥、路径或报文被改动）".to_owned()),
            Self::Denied(Denied::Elsewhere) => Some("来源地址不在该账号登记的网段之内".to_owned()),
            Self::Repeated => Some("同一报文再次提交".to_owned()),
            Self::OpeningsLimited(_) => Some("该来源地址的无法解密请求过多".to_owned()),
            Self::NoticeFailed(failure) => Some(failure.code().to_owned()),
            Self::BadOrgCode(problem) => Some(problem.words().to_owned()),
            Self::Rule(Rule::Quiet { .. }) => Some("参保人表示非本人之后的静默期".to_owned()),
            Self::National(NationalError::Busy) => Some("国家电子凭证并发已满".to_owned()),
            Self::National(NationalError::TimedOut) => Some("国家电子凭证超时".to_owned()),
            Self::Ledger(unavailable) => Some(unavailable.to_string()),
            Self::National(NationalError::Failed(cause)) | Self::Broken(cause) => Some(cause.clone()),
            _ => None,
        }
    }
}

/// Rounded up, so that waiting as long is enough.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl From<Rule> for Refusal {
    fn from(rule: Rule) -> Self {
        Self::Rule(rule)
    }
}

impl From<Unavailable> for Refusal {
    fn from(unavailable: Unavailable) -> Self {
        Self::Ledger(unavailable)
    }
}

impl From<NationalError> for Refusal {
    fn from(error: NationalError) -> Self {
        Self::National(error)
    }
}
