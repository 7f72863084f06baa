//! Why nobody was told who somebody is.

use crate::outbound::CallError;

/// Why the provider said nothing that can be used. Chinese, for the log; it holds nothing of what was sent, neither secrets
/// nor who it was about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    /// Enough is being asked of it already.
    #[error("同时进行的询问已达上限")]
    Busy,
    /// The call brought no answer.
    #[error("{0}：{1}")]
    Call(&'static str, #[source] CallError),
    /// It answered with a status that is none of success.
    #[error("{0}：HTTP 状态 {1}")]
    Status(&'static str, u16),
    /// It describes itself in a way that cannot be used.
    #[error("元数据不能用：{0}")]
    Metadata(String),
    /// It does not take the code; its error code, where that is one.
    #[error("令牌端点拒绝：{0}")]
    Refused(String),
    /// What it answered cannot be used.
    #[error("令牌端点的应答不能用：{0}")]
    Token(String),
}

impl OidcError {
    /// What somebody is told who wants in: what to do, not why.
    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Self::Busy | Self::Call(..) | Self::Status(..) => "统一认证暂时不可用，请用密码登录。",
            Self::Refused(_) => "这一次的统一认证已失效或不被接受，请从登录页重新开始，或者用密码登录。",
            Self::Metadata(_) | Self::Token(_) => {
                "统一认证的答复不符合要求，请用密码登录，并告诉系统管理员（原因在中心的日志里）。"
            }
        }
    }
}
