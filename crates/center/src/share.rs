//! What each party has of what all share.

use std::sync::Arc;

pub(crate) use yanmi_http::places::{Holding, Place, Places};

/// What one caller has of everything that is shared: an account, a channel, or all that have no name yet together.
#[derive(Debug, Default)]
pub(crate) struct Share {
    /// Of the places for status queries that are held.
    pub(crate) held: Arc<Holding>,
    /// Of the questions to the national center that are under way.
    pub(crate) asking: Arc<Holding>,
    /// Of the commands that wait for the ledger.
    pub(crate) queued: Arc<Holding>,
}
