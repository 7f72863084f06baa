//! The machine of the ledger: how commands are decided in batches and committed, whatever they are.

mod attempt;
pub(super) mod claim;
mod decide;
mod facts;
mod free;
pub(super) mod inbox;
pub(super) mod job;
pub(super) mod mark;
pub(super) mod needs;
pub(super) mod news;
mod not_me;
pub(super) mod numbers;
pub(super) mod reader;
pub(super) mod resident;
mod takeover;
pub(super) mod watch;
pub(super) mod work;
pub(super) mod writer;

#[cfg(test)]
mod cuts;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod tests;
