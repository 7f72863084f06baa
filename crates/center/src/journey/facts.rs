//! What the rules look at, put together from what is stored and what is registered.

use yanmi_protocol::UnixMillis;
use yanmi_verification::Facts;
use yanmi_verification::password_free::FreeStep;
use yanmi_verification::status::{self, Status};

use crate::ledger::StoredFacts;
use crate::registry::Snapshot;
use crate::site::Site;

/// The facts of a verification, as they are stored.
pub(crate) fn of_stored<'a>(registry: &'a Snapshot, loaded: &'a StoredFacts) -> Facts<'a> {
    Facts {
        credential: loaded.credential.as_ref(),
        channel: loaded.credential.and_then(|c| registry.channel_facts(&c.channel)),
        budget: loaded.budget,
        free: loaded.free,
        free_use: loaded.free_use,
        not_me: loaded.not_me,
        verification: loaded.verification,
    }
}

/// Whether the payment goes through without a password and is counted, so that saying so changes nothing.
pub(crate) fn free_already(site: &Site, registry: &Snapshot, loaded: &StoredFacts, now: UnixMillis) -> bool {
    let status = status::status(&of_stored(registry, loaded), now, &site.policy);
    matches!(status, Ok(Status::Free(FreeStep::Again { .. })))
}
