//! Why the ledger does not decide.

/// The ledger cannot take or decide a command now. Nothing about it is known to have happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    /// Too many commands wait already.
    #[error("账本排队已满")]
    Full,
    /// The store failed; the cause was logged.
    #[error("账本存储失败")]
    Failed,
    /// The process is stopping.
    #[error("账本已停止")]
    Stopped,
}
