//! What runs: the provincial center (地方电子凭证中心) as a library.
//!
//! An institution asks on one face, a channel app answers on another, the national center is asked four questions,
//! and in the middle a ledger decides in batches and forgets nothing it has answered. The way of a request:
//! [`yanmi_http`] accepts it, the envelope is opened with the account's key, the operation reads the plain text and makes
//! its checks in the order of the contract, the ledger decides by the rules of `yanmi-verification` and commits, the
//! notice goes to the channel within the deadline, the answer is sealed.
//!
//! [`Center`] is all of it in one value. Only this crate has a database, sockets and tasks. Time and chance come in
//! as a [`ports::Clock`] and an [`ports::Entropy`].

mod alarms;
mod applicant;
mod arrivals;
mod bulk_import;
mod calls;
mod center;
pub mod channel;
mod claimed;
pub mod config;
mod console;
pub mod copy;
pub mod delivery;
mod events;
mod face;
#[cfg(fuzzing)]
pub mod fuzzing;
mod health;
pub mod history;
mod institution;
mod insured;
mod journey;
mod ledger;
mod limits;
pub mod mac_rule;
pub mod national;
pub mod observe;
mod operator;
pub mod outbound;
mod page_link;
mod percent;
pub mod ports;
mod refusal;
pub mod registry;
mod retention;
mod sealing;
mod serving;
mod share;
mod site;
mod staff;
mod statistics;
mod stopping;
pub mod store;
mod strangers;
mod tables;
pub mod telemetry;
mod unknown;

#[cfg(test)]
extern crate self as yanmi_center;

#[cfg(test)]
#[path = "../tests/center/server.rs"]
#[expect(dead_code, reason = "the center's own tests need less of it")]
mod server;

#[cfg(test)]
#[path = "../tests/center/proxy.rs"]
#[expect(dead_code, reason = "the center's own tests need less of it")]
mod proxy;

pub use center::{Center, Farewell, StartError};
