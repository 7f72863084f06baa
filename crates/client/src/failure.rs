//! Why a call brought no answer, in the order of the specification: protocol, then business, then transaction state.

use std::fmt;
use std::time::Duration;

use yanmi_protocol::envelope::{AnswerError, EnvelopeError};
use yanmi_protocol::{Code, MemberError};

use crate::drift::Drift;
use crate::transport::{TransportError, Trouble};

/// Why a call brought no answer. `Display` is Chinese and fit for a clerk's screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// No answer came (protocol).
    Transport(TransportError),
    /// What came is no answer of the protocol: another status than 200, no JSON, no code.
    NotAnAnswer {
        /// The HTTP status.
        status: u16,
        /// What is wrong with the body; nothing when only the status is.
        why: Option<EnvelopeError>,
    },
    /// The answer says success but does not open with our key.
    Sealed(AnswerError),
    /// A member of the opened answer is missing or wrong.
    Member(MemberError),
    /// The answer cannot be the one to this request: played back, or of another center.
    Foreign(&'static str),
    /// The center refused (business): its code is not 0.
    Refused {
        /// 响应状态码 (section 1.9), known or not.
        code: i64,
        /// 响应信息.
        message: String,
    },
    /// What was to be sent is wrong; nothing was sent.
    Request(MemberError),
}

impl Failure {
    /// The code of a refusal, when it is one of section 1.9.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Code::from_number(*code),
            _ => None,
        }
    }

    /// What went wrong, behind a text that already says that no answer came.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::Transport(error) => error.to_string(),
            other => other.to_string(),
        }
    }

    /// Whether the address is to blame, so that another one may do better.
    pub(crate) const fn is_of_the_address(&self) -> bool {
        matches!(self, Self::Transport(_) | Self::NotAnAnswer { .. } | Self::Sealed(_))
    }

    /// Whether the center surely has not begun to do what was asked.
    pub(crate) const fn surely_not_begun(&self) -> bool {
        matches!(self, Self::Transport(TransportError { may_have_arrived: false, .. }) | Self::Request(_))
    }

    /// Whether no answer came in time.
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Transport(TransportError { trouble: Trouble::TimedOut, .. }))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "请求中心失败：{error}"),
            Self::NotAnAnswer { status, why: Some(why) } => {
                write!(f, "中心的应答不合规范（HTTP {status}）：{why}")
            }
            Self::NotAnAnswer { status, why: None } => write!(f, "中心的应答不合规范（HTTP {status}）"),
            Self::Sealed(why) => write!(f, "{why}（核对密钥校验值）"),
            Self::Member(error) => write!(f, "中心的应答不合规范：{error}"),
            Self::Foreign(why) => write!(f, "应答不可信：{why}"),
            Self::Refused { code, message } => write!(f, "{message}（{code}）"),
            Self::Request(error) => write!(f, "入参有误：{error}"),
        }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl From<MemberError> for Failure {
    fn from(error: MemberError) -> Self {
        Self::Member(error)
    }
}

/// How a call went, whatever came of it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Report {
    /// Requests that were sent or tried to be.
    pub attempts: u32,
    /// The address of the last one, counted from 0 in the order of the configuration.
    pub address: usize,
    /// From the first request to the end.
    pub took: Duration,
    /// How far the machine's clock is off, when it is by more than a minute. To be shown until it is set.
    pub drift: Option<Drift>,
    /// Whether a mac proves that the last answer is the center's, of now, and to this very request.
    pub proven: bool,
}

/// A call that failed: why, and what was done about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallError {
    /// The last failure.
    pub failure: Failure,
    /// How the call went.
    pub report: Report,
}

/// The failure, and the clock's drift when there is one.
impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.failure)?;
        match self.report.drift {
            Some(drift) => write!(f, "；{drift}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CallError {}

/// An opened message that is no object: cannot happen after opening, which has looked.
pub(crate) fn not_an_object(why: yanmi_protocol::member::NotAnObject) -> Failure {
    Failure::NotAnAnswer { status: 200, why: Some(EnvelopeError::NotAnObject(why)) }
}
