//! Steps 8 to 10: may anything be done about this token at all?

use yanmi_protocol::UnixMillis;

use crate::facts::{ChannelFacts, ChannelRecord, Credential, Facts, Identity};
use crate::policy::Policy;
use crate::refusal::Refusal;

/// A token that is known and alive, of an active credential in order, shown by a certified channel that the
/// person authorized.
#[derive(Clone, Copy, Debug)]
pub struct Usable<'a> {
    /// The credential.
    pub credential: &'a Credential,
    /// Its channel.
    pub channel: &'a ChannelFacts,
}

/// Checks steps 8 (known), 9 (active, identity) and 10 (channel, record, authorization), in this order.
///
/// # Errors
/// The first check that fails.
pub fn check<'a>(facts: &Facts<'a>, now: UnixMillis, policy: &Policy) -> Result<Usable<'a>, Refusal> {
    let credential = facts.credential.filter(|c| c.lives(now, policy)).ok_or(Refusal::TokenUnknown)?;
    if !credential.active {
        return Err(Refusal::CredentialInactive);
    }
    match credential.identity {
        Identity::Complete => {}
        Identity::Empty => return Err(Refusal::IdentityEmpty),
        Identity::PlaceEmpty => return Err(Refusal::InsuredPlaceEmpty),
        Identity::Mismatch => return Err(Refusal::IdentityMismatch),
        Identity::Wrong => return Err(Refusal::PersonDataWrong),
    }
    let channel = facts.channel.ok_or(Refusal::ChannelUnknown)?;
    match channel.record {
        ChannelRecord::Active => {}
        ChannelRecord::Missing => return Err(Refusal::RecordMissing),
        ChannelRecord::Disabled => return Err(Refusal::RecordDisabled),
    }
    if !credential.authorized {
        return Err(Refusal::NotAuthorized);
    }
    Ok(Usable { credential, channel })
}
