//! One file for each command.

pub(crate) mod echo;
pub(crate) mod load;
pub(crate) mod sandbox;
pub(crate) mod serve;
