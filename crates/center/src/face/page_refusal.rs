//! Why a page is not shown, or an act is not done.

use std::time::Duration;

use http::StatusCode;
use yanmi_onboarding::Denied;
use yanmi_protocol::Code;

use crate::registry::AdministrationError;
use crate::store::StoreError;
use crate::telemetry::chain;

/// Why a page is not shown, or an act is not done. Each is a status and a page that says why.
#[derive(Debug)]
pub(crate) enum PageRefusal {
    /// There is nothing here, or nothing for him.
    Nowhere,
    /// There is something, and it is not in his reach: answered as if there was nothing, and written down.
    OutOfReach,
    /// What a link opened is over, or never was.
    Gone(String),
    /// Nobody is logged in.
    LoggedOut,
    /// Neither GET nor POST, or not for this page.
    BadMethod,
    /// What was sent is no form of these pages.
    BadForm,
    /// The form was made in another session, or by another site.
    ForeignForm,
    /// Too much at a time, or the database does not answer.
    Busy,
    /// Too many tries from this address.
    TooMany(Duration),
    /// A file that cannot be used, and whether it is merely too large.
    BadFile(String, bool),
    /// What was typed does not do, or the registry does not take it.
    Refused(String),
}

impl PageRefusal {
    /// Under which code it is counted.
    pub(crate) const fn code(&self) -> Code {
        match self {
            // Whoever was logged out is sent to log in: nothing is amiss.
            Self::LoggedOut => Code::Success,
            Self::TooMany(_) => Code::RateLimited,
            Self::Nowhere | Self::OutOfReach | Self::Gone(_) => Code::NoSuchAddress,
            Self::Busy => Code::Unknown,
            _ => Code::BadParameter,
        }
    }

    /// Status, title and text of the page that says it.
    pub(crate) fn page(&self) -> (StatusCode, &'static str, String) {
        let (status, title, text) = match self {
            Self::Nowhere | Self::OutOfReach => {
                (StatusCode::NOT_FOUND, "没有这一页", "地址不对，或者不在您的权限与辖区之内。")
            }
            Self::Gone(why) => (StatusCode::GONE, "不能再用", why.as_str()),
            Self::LoggedOut => (StatusCode::FORBIDDEN, "请重新登录", "会话已结束，刚才的操作没有做。"),
            Self::BadMethod => (StatusCode::METHOD_NOT_ALLOWED, "不支持", "请从页面上操作。"),
            Self::BadForm => {
                (StatusCode::BAD_REQUEST, "表单有误", "收到的内容不是本页的表单，没有做任何更改。")
            }
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                "表单已失效",
                "这个表单不是本次登录打开的，没有做任何更改。请回到页面重新打开。",
            ),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "暂时不可用", "数据库或页面正忙，请稍后再试。"),
            Self::TooMany(wait) => {
                let text = format!("这个地址尝试得太多，请 {} 秒之后再试。", wait.as_secs() + 1);
                return (StatusCode::TOO_MANY_REQUESTS, "尝试过多", text);
            }
            Self::BadFile(why, true) => (StatusCode::PAYLOAD_TOO_LARGE, "文件没有收下", why.as_str()),
            Self::BadFile(why, false) => (StatusCode::UNPROCESSABLE_ENTITY, "文件没有收下", why.as_str()),
            Self::Refused(why) => (StatusCode::CONFLICT, "没有更改", why.as_str()),
        };
        (status, title, text.to_owned())
    }
}

impl From<AdministrationError> for PageRefusal {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Store(error) => {
                tracing::error!(cause = %chain(&error), "管理台或申请方的页面未能使用数据库");
                Self::Busy
            }
            AdministrationError::NotLetIn => Self::LoggedOut,
            AdministrationError::NoOffer => Self::Gone(error.to_string()),
            // Whoever denied it there has written it down.
            AdministrationError::Denied(Denied::NoRole | Denied::OutOfReach) => Self::Nowhere,
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<StoreError> for PageRefusal {
    fn from(error: StoreError) -> Self {
        AdministrationError::Store(error).into()
    }
}

impl From<Denied> for PageRefusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::OutOfReach => Self::OutOfReach,
            denied => AdministrationError::Denied(denied).into(),
        }
    }
}
