//! The only doors of a center to the world: what time it is, what nobody can guess, the network, and the disk.
//!
//! A process starts a center on the system's ([`Ports::system`]); a test, or a world in memory, on its own. Nothing else in
//! this crate asks for any of it, which `cargo xtask tidy` watches over. Apart from these, a center is what it was told and
//! what is in its database: the same ports give the same center.
//!
//! * **Wall time** is a [`Clock`]: lives and limits, which outlive a process, are counted by it.
//! * **Monotonic time** is tokio's [`Instant`](tokio::time::Instant), everywhere: deadlines, pauses, the limiters
//!   (`Monotonic`). Whoever pauses the runtime's clock has all of it pass by hand.
//! * **Chance** is an [`Entropy`].
//! * **The network** is a [`Network`]: resolving names, dialing, listening. PostgreSQL's own connections are not among it.
//! * **The disk** is a [`Disk`]: what an embedded database lies on; and where several centers share one in a world in memory,
//!   a [`DatabaseServer`] stands before it.
//!
//! What is written never has the order of a hash map, whose seed is the system's chance.

mod clock;
mod disk;
mod entropy;
mod monotonic;
mod network;
mod server;

pub use clock::Clock;
pub(crate) use clock::{ClockStep, Steps};
pub use disk::{Disk, DiskWork, FileIdentity, FileLock, Medium};
pub use entropy::Entropy;
pub(crate) use monotonic::{DirectLimiter, KeyedLimiter, Monotonic};
pub use network::Network;
pub use server::{
    DatabaseServer, LockRefusal, MessageFate, RowLock, ServerAnswer, ServerSession, SessionLost,
    SessionMessage,
};

/// What a center is started on.
#[derive(Clone, Debug)]
pub struct Ports {
    /// What time it is.
    pub clock: Clock,
    /// What time those who call have: the same, unless this center lives ahead of everybody, as one does in which somebody
    /// wants to see what is after half an hour. A request's time may be that of either.
    pub callers: Clock,
    /// What nobody can guess.
    pub entropy: Entropy,
    /// How others are reached, and reach this center.
    pub network: Network,
    /// What an embedded database lies on.
    pub disk: Disk,
}

impl Ports {
    /// The system's network and disk, and this time and chance.
    pub fn system(clock: Clock, entropy: Entropy) -> Self {
        Self { callers: clock.clone(), clock, entropy, network: Network::system(), disk: Disk::system() }
    }
}
