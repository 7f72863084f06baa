//! What is answered when nothing was done.

use http::StatusCode;
use yanmi_client::{DeskError, Failure, VisitsError};
use yanmi_offline::ports::setting;

/// Why a request was not carried out. Never repeats what was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    /// A word for programs.
    pub(crate) code: &'static str,
    /// The member it is about, when it is about one.
    pub(crate) member: Option<&'static str>,
    /// For people, in Chinese.
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, member: None, message: message.into() }
    }

    /// A member that cannot be read.
    pub(crate) fn member(name: &'static str, why: &str) -> Self {
        let message = format!("{name}：{why}");
        Self { member: Some(name), ..Self::new(StatusCode::BAD_REQUEST, "badMember", message) }
    }

    pub(crate) fn body(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "badBody", message)
    }

    pub(crate) fn no_visit() -> Self {
        Self::new(StatusCode::NOT_FOUND, "noSuchVisit", "没有这个就诊：就诊编号是 32 位小写十六进制数字")
    }

    pub(crate) fn no_place() -> Self {
        Self::new(StatusCode::NOT_FOUND, "noSuchAddress", "没有这个地址")
    }

    pub(crate) fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "同时处理的请求已满，请稍后重试；本次请求未做任何事",
        )
    }

    /// The message without the member's name, which means nothing to a clerk.
    pub(crate) fn plain(&self) -> &str {
        let named = self.member.and_then(|member| self.message.strip_prefix(member)?.strip_prefix('：'));
        named.unwrap_or(&self.message)
    }

    /// A mistake of ours.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "代理内部错误，本次请求未得到结果；不可据此结算",
        )
    }
}

impl From<DeskError> for Fault {
    fn from(error: DeskError) -> Self {
        let (status, code) = match &error {
            DeskError::Visits(error) => return error.clone().into(),
            DeskError::Decode(call) if matches!(call.failure, Failure::Refused { .. }) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "notDecoded")
            }
            DeskError::Decode(_) => (StatusCode::BAD_GATEWAY, "centerFailed"),
            DeskError::NoPort(way) => {
                let message = format!("{error}：请给出核验结果 outcome，或配置 {}", setting(*way));
                return Self::new(StatusCode::CONFLICT, "wrongStep", message);
            }
            DeskError::NoToken => (StatusCode::CONFLICT, "wrongStep"),
            DeskError::NoVisits | DeskError::Setup(_) => (StatusCode::INTERNAL_SERVER_ERROR, "setup"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<VisitsError> for Fault {
    fn from(error: VisitsError) -> Self {
        let (status, code) = match &error {
            VisitsError::NotFound(_) => (StatusCode::NOT_FOUND, "noSuchVisit"),
            VisitsError::Step(_) => (StatusCode::CONFLICT, "wrongStep"),
            VisitsError::Reference => return Self::member("reference", &error.to_string()),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "visits"),
        };
        Self::new(status, code, error.to_string())
    }
}
