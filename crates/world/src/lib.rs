//! Everybody in one simulated world, in which a seed decides everything.
//!
//! The center is the real one: its server, its ledger, its HTTP, its pools and timeouts, and the real embedded database. What
//! is simulated is what it stands on, its [ports](yanmi_center::ports): the time, which passes only when everybody waits for
//! it, and then at once; chance; the network; and the disk. Around it are institutions, channel apps with their users, and the
//! national center, some of which do what they should not, and a plan of what goes wrong. Beside it all stands an oracle that
//! knows the contract and not the program.
//!
//! All of it runs on one thread, so that hours pass in a second, and the same seed gives the same world: the same events in
//! the same order, and the same rows.

mod books;
mod cast;
mod chance;
mod clock;
mod cuts;
mod desk;
mod desk_cuts;
mod desks;
mod driver;
mod failure;
mod fault;
mod life;
mod long;
mod medium;
mod mind;
mod network;
mod oracle;
mod party;
mod paused;
mod program;
mod record;
mod register;
mod run;
mod scene;
mod shrink;
mod trace;
mod upgrade;
pub mod usual;
mod wire;
mod world;

pub use chance::seed_of;
pub use cuts::{CutReport, CutSettings, cut, cut_making};
pub use desk_cuts::cut_desk;
pub use failure::Failure;
pub use fault::{Plan, PlanError};
pub use long::{LongSettings, cuts_of, run_long, settings_of};
pub use record::{Finding, LongReport, RecordError};
pub use run::{Faults, Report, Settings, run};
pub use shrink::shrink;
