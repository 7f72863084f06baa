//! One file for each command.

pub(crate) mod acceptance;
pub(crate) mod account;
pub(crate) mod agent;
pub(crate) mod audit;
pub(crate) mod call;
pub(crate) mod channel;
pub(crate) mod channel_acceptance;
pub(crate) mod check;
pub(crate) mod denied;
pub(crate) mod echo;
pub(crate) mod feedback;
pub(crate) mod import;
pub(crate) mod institution;
pub(crate) mod key;
pub(crate) mod load;
pub(crate) mod operator;
mod outcome;
mod registry;
pub(crate) mod report;
mod run;
pub(crate) mod sandbox;
pub(crate) mod seal;
pub(crate) mod serve;
mod signature;
pub(crate) mod store;
pub(crate) mod streams;
pub(crate) mod trace;
