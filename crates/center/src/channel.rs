//! The channel face: what the person did comes in, one operation a file. Notices go out by [`crate::delivery`]
//! (section 5 of the reading).

mod auth_result;
mod password_free;
mod password_free_page;
mod pending;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use yanmi_protocol::ChannelId;
use yanmi_protocol::message;

use crate::config::PathPrefix;
use crate::face::envelope::{Claimant, Party};
use crate::face::unknown_address;
use crate::refusal::{Denied, Refusal};
use crate::registry::{Keys, Snapshot};
use crate::share::Share;
use crate::site::Site;

/// The face's addresses, with and without what may stand before them (E15).
pub(crate) fn router(site: Arc<Site>, prefix: Option<&PathPrefix>) -> Router {
    let mut router = Router::new();
    for before in std::iter::once("").chain(prefix.map(PathPrefix::as_str)) {
        let at = |path: &str| format!("{before}{path}");
        router = router
            .route(&at(message::auth_result::PATH), any(auth_result::handle))
            .route(&at(message::pending::PATH), any(pending::handle))
            .route(&at(message::password_free::PATH), any(password_free::handle))
            .route(&at(message::password_free_page::PATH), any(password_free_page::handle));
    }
    router.fallback(unknown_address::answer).with_state(site)
}

/// A channel, which may make every call of its face.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByChannel;

impl Party for ByChannel {
    type Caller = ChannelId;

    fn claimant<'s>(
        &self,
        registry: &'s Snapshot,
        org_id: &str,
    ) -> Result<Claimant<'s, ChannelId>, (Denied, &'s Keys)> {
        let unknown = (Denied::Unknown, registry.nobody());
        let id = ChannelId::new(org_id).map_err(|_| unknown)?;
        let channel = registry.channel(&id).ok_or(unknown)?;
        let claimant =
            Claimant { caller: id, keys: &channel.keys, mac: channel.mac, arrivals: &channel.arrivals };
        if channel.enabled { Ok(claimant) } else { Err((Denied::Disabled, &channel.keys)) }
    }

    fn count(&self, registry: &Snapshot, caller: &ChannelId) -> Result<Arc<Share>, Refusal> {
        let channel = registry.channel(caller).ok_or(Refusal::Denied(Denied::Unknown))?;
        channel.limiter.take().map_err(Refusal::RateLimited)?;
        Ok(Arc::clone(&channel.share))
    }

    fn permit(&self, _: &Snapshot, _: &ChannelId) -> Result<(), Refusal> {
        Ok(())
    }
}
