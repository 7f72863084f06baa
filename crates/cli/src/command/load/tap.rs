//! From the person's tap to the institution that holds a status query.

use std::sync::Arc;

use yanmi_trial::load::{self, TapPlan, Until};

use super::arena::Arena;
use super::target::{Printed, Target};
use crate::ambient;
use crate::failure::Failure;

/// Measures against a center of its own.
pub(super) async fn run(arena: &Arena, connections: usize, until: Until) -> Result<Printed, Failure> {
    let target = Target::of(&arena.world, arena.addresses(), false)?;
    let app = arena.world.channels.first().map(|channel| (channel.chnl_id, channel.key.clone()));
    let (Some((channel, noted)), Some(app)) = (&arena.taps, app) else {
        return Err(Failure::new("压测环境中没有渠道监听口"));
    };
    let clock = ambient::clock();
    let plan = TapPlan {
        institution: arena.first()?.address,
        channel: *channel,
        sender: target.sender,
        org_code: target.org_code,
        app,
        noted: Arc::clone(noted),
        connections,
        until,
        clock: Arc::new(move || clock.now()),
    };
    let report = load::tap(plan).await.map_err(|error| Failure::because("压测未能进行", &error))?;
    let ledger = report.requests;
    Ok(Printed { report, server_memory_kib: Some(arena.first()?.memory()?), ledger, audit: 0 })
}
