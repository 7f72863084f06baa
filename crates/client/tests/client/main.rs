//! The institution's side against the real center, against servers that fail in every way, and against itself.

mod acceptance;
mod hands;
mod journey;
mod macs;
mod nonsense;
mod retries;
mod site;
mod tls;
mod visits;
