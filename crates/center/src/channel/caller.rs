//! Who calls a channel's operation.

use std::sync::Arc;

use yanmi_protocol::ChannelId;

use crate::face::envelope::{Claimant, Party};
use crate::refusal::{Denied, Refusal};
use crate::registry::{Keys, Snapshot};
use crate::share::Share;

/// A channel, which may make every call of its face.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByChannel;

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
        let claimant = Claimant {
            caller: id,
            keys: &channel.keys,
            mac: channel.mac,
            networks: None,
            arrivals: &channel.arrivals,
        };
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
