//! The agent: the institution's side as a service on the institution's own machine, for systems that would rather
//! speak plain HTTP to localhost than load a library, and a page for the clerk who has no such system at all.
//!
//! It is one [`yanmi_client::Desk`] behind a door. Nothing is decided here: every answer is read from what the desk
//! recorded, and every step is committed before it is answered, so an agent that is ended anywhere goes on from there.
//!
//! * The door opens to programs of this machine that know the token, and to the clerk's browser once it has
//!   opened a link that works once; never to a page of somebody else's ([`guard`]).
//! * The desk is blocking, so it is used on a bounded number of threads; whoever comes when all are taken is told so
//!   at once and loses nothing ([`pool`]).
//! * What is said on the wire is declared once (`shapes`); reading, writing and the `OpenAPI` document
//!   come from that declaration.

pub mod config;
mod door;
mod failure;
mod fault;
pub mod guard;
mod keys;
mod link;
mod office;
pub mod openapi;
mod operation;
mod page;
pub mod pool;
mod reply;
mod serve;
mod service;
mod shape;
mod shapes;
mod view;

pub use config::{AgentConfig, AgentConfigError};
pub use failure::StartError;
pub use keys::{LINK_LIFE, MOST_LINKS, SESSION_LIFE};
pub use link::{LinkError, link_of_a_running_agent};
pub use reply::MAX_BODY;
pub use serve::{Agent, MAX_CONNECTIONS, STOP_BOUND, interface};
