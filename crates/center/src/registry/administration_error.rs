//! Why the registry was not changed.

use yanmi_protocol::display::Trick;
use yanmi_verification::WordLimitsError;

use super::handover::HandoverError;
use crate::store::StoreError;

/// Why the registry was not changed. Chinese, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// There is one already.
    #[error("{kind} {id} 已存在")]
    Exists {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// There is none.
    #[error("{kind} {id} 不存在")]
    Missing {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// The name is empty, too long, or could be read as another.
    #[error("{kind}名称（name）{trick}")]
    BadName {
        /// What kind of entry.
        kind: &'static str,
        /// What is wrong with it.
        trick: Trick,
    },
    /// The notice address is no HTTP address.
    #[error("通知地址应为 http:// 或 https:// 开头的完整地址")]
    BadAddress,
    /// The address persons are handed over to is none.
    #[error(transparent)]
    BadHandover(HandoverError),
    /// The amounts up to which a channel's word is taken are none.
    #[error("免密答复的限额：{0}")]
    BadWordLimits(WordLimitsError),
    /// A channel without a way of confirming.
    #[error("渠道至少要有一种认证方式（01、02、03）")]
    NoWay,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AdministrationError {
    /// There is no such thing.
    pub(super) fn missing(kind: &'static str, id: &str) -> Self {
        Self::Missing { kind, id: id.to_owned() }
    }
}
