//! What calls are allowed, and how much is read.

use std::path::PathBuf;

use super::allow::AllowList;
use crate::ports::Network;

/// Largest answer that is read, in bytes: as much as an envelope may have (E1).
pub const MAX_ANSWER_BYTES: usize = yanmi_protocol::envelope::MAX_BODY_BYTES;

/// What calls are allowed and how.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// The networks that may be called.
    pub allow: AllowList,
    /// A PEM file with the certificates that servers are verified against, instead of the system's.
    pub roots: Option<PathBuf>,
    /// By what names are resolved and connections made.
    pub network: Network,
}
