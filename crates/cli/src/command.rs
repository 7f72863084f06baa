//! One file for each command.

pub(crate) mod sandbox;
pub(crate) mod serve;
