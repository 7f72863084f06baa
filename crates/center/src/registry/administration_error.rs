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
    /// It was closed for good.
    #[error("{kind} {id} 已注销，不能再更改或启用")]
    Closed {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// The institution calls through the account already.
    #[error("定点机构 {code} 已经登记在业务系统编码 {account} 之下")]
    Attached {
        /// Which institution.
        code: String,
        /// Which account.
        account: String,
    },
    /// The institution does not call through the account.
    #[error("定点机构 {code} 没有登记在业务系统编码 {account} 之下")]
    Detached {
        /// Which institution.
        code: String,
        /// Which account.
        account: String,
    },
    /// The institution calls through as many accounts as one may.
    #[error("一个定点机构至多登记在 {0} 个业务系统编码之下")]
    ManyAccounts(usize),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AdministrationError {
    /// There is no such thing.
    pub(super) fn missing(kind: &'static str, id: &str) -> Self {
        Self::Missing { kind, id: id.to_owned() }
    }

    /// It was closed for good.
    pub(super) fn closed(kind: &'static str, id: &str) -> Self {
        Self::Closed { kind, id: id.to_owned() }
    }
}
