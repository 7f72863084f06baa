//! A commit that failed.

use super::error::StoreError;

/// Why a batch was not committed.
#[derive(Debug)]
pub(crate) struct NotCommitted {
    pub(crate) error: StoreError,
    /// The connection was lost during the commit: it may have happened all the same.
    pub(crate) unknown: bool,
}

impl From<StoreError> for NotCommitted {
    fn from(error: StoreError) -> Self {
        Self { error, unknown: false }
    }
}
