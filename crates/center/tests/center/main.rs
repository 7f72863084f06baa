//! The whole center in one value, with every other party real enough to be talked to over HTTP.

mod delivery;
mod extensions;
mod journey;
mod lives;
mod logs;
mod nonsense;
mod operations;
mod order;
mod party;
mod password;
mod plan;
mod register;
mod registry;
mod site;
mod store;
mod tls;
mod wire;
