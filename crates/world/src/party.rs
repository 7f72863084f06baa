//! The parties around a center, each as a server, a caller, or both.

pub(crate) mod app;
pub(crate) mod counter;
pub(crate) mod national;
pub(crate) mod phone;
mod question;
mod server;
mod stage;

use std::sync::Arc;

use crate::world::World;

/// The national center and all channel apps begin to serve.
pub(crate) fn start(world: &Arc<World>) {
    national::start(world);
    world.cast.apps.iter().for_each(|it| app::start(world, it.number));
}
