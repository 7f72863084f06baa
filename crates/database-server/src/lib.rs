//! What a database server does beside keeping rows, in memory: for trying what becomes of centers that share a database when its
//! server, or the way to it, fails.
//!
//! # What it is
//!
//! A [`MemoryServer`] stands before an embedded database that several centers share. It keeps no rows. It has [sessions](MemorySession),
//! each of somebody; their messages take time to arrive, and may not; rows are held by one session at a time while others wait in the order
//! in which they came; and what one tells, all hear who listen.
//!
//! # How it fails
//!
//! Everybody of one place can be [killed](MemoryServer::kill), and all sessions [lost](MemoryServer::restart) at once, with nobody let in
//! until the server is back. In between it has a [mood](Mood): messages are late, sessions break at one, before it was done or after,
//! a commit is done when nobody waits for it any more, a session falls silent. One commit's fate can also be [chosen](MemoryServer::next_commit).
//!
//! What a session held stays held for a moment after it was lost, until the server has noticed.
//!
//! # What it watches over
//!
//! Sessions that wait for each other in a circle wait until one of them is told that it waited for too long, as on PostgreSQL; and it
//! [counts](MemoryServer::circles) how often that was so. Where everybody takes rows in one order it never is.
//!
//! # How it is reached
//!
//! By its own methods; [`port!`] makes of them what a center takes.

mod locks;
mod memory_server;
mod memory_session;
mod mood;
mod port;

pub use locks::{LockRefusal, Row};
pub use memory_server::MemoryServer;
pub use memory_session::{Arrival, Lost, MemorySession, Message};
pub use mood::{CommitFate, Mood};

#[doc(hidden)]
pub use tokio;

#[cfg(test)]
mod tests;
