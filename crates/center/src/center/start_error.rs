//! Why a center does not start.

use crate::outbound::{CallError, RootsError};
use crate::registry::FeedbackTermsError;
use crate::store::StoreError;
use yanmi_http::BindError;

/// Why a center does not start. Chinese, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The root certificates cannot be loaded.
    #[error(transparent)]
    Roots(#[from] RootsError),
    /// The national center's address cannot be called.
    #[error("国家电子凭证地址不可用（设置 national.url）")]
    National(#[source] CallError),
    /// The provider's address cannot be called.
    #[error("统一认证的地址不可用（设置 console.oidc.issuer）")]
    Provider(#[source] CallError),
    /// The address that alarms are told to cannot be called.
    #[error("告警告知的地址不可用（设置 alarms.target）")]
    AlarmTarget(#[source] CallError),
    /// Feedback forms cannot be signed.
    #[error(transparent)]
    Feedback(#[from] FeedbackTermsError),
    /// A limit is zero.
    #[error("设置 {0} 不能为 0")]
    Zero(&'static str),
    /// The metrics cannot be set up.
    #[error("无法建立指标")]
    Metrics,
}
