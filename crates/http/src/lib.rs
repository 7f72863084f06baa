//! The listeners: sockets in front, an [`axum::Router`] behind.
//!
//! Each face of the center (institution, channel; later insured and console) is one [`Listener`], bound from
//! [`ListenSettings`] and run by [`Server::start`]. A site may open all of them in one process or each in a
//! process of its own network zone; nothing here knows which face it serves.
//!
//! # What is guaranteed
//!
//! * **No plain HTTP by accident.** The specification allows HTTP and HTTPS, but an address that is not
//!   loopback and has no certificate is refused until the operator switches `plain_http` on ([`BindError`]).
//! * **A bound on everything a stranger can hold.** Connections are counted, in all and by source address. A source
//!   that has all it may have is told 503; when the listener has, the kept connection that idles longest is closed for the
//!   new one, those first on which nobody has proven anything, and only when all are at work the new one is told 503
//!   (reading, E11). A handshake, a request's head, an idle connection and one without a proven request each have a
//!   deadline, kept by the connection's own timer, so that a busy connection pays nothing for it. The body's bound and
//!   deadline are [`read_body`]'s, because only the operation knows how much it wants to read; what all bodies together
//!   may take before they are opened is a [`Bodies`].
//! * **One source address, not many.** Whoever has an IPv6 network has as many addresses as it likes: sources are told
//!   apart by the first 64 bits there ([`source_of`]). Behind a proxy everybody would be one; what a proxy says about
//!   its client is believed of those proxies only that the configuration names ([`Proxies`], decision 29).
//! * **What the other end's closing does is always the same.** A client that has sent its request and closes its
//!   sending side gets its answer, whenever the news of that arrives.
//! * **A stop that is polite and finite.** [`Server::stop`] closes the listening socket and every idle
//!   connection at once, lets requests in progress finish, and cuts what is left at the deadline, counting it.
//!
//! # What is not
//!
//! Time to answer is not bounded here: a status query may be held for half a minute on purpose. What a proven caller
//! may take is bounded by account, where the operations are. HTTP/1.1 only.
//!
//! The way of a request costs no lock here, and no allocation but the boxed body and the entry for [`Peer`].

mod bind_error;
mod body;
mod byte_stream;
mod connection;
mod door;
mod forwarded;
mod listener;
mod peer;
pub mod places;
mod proxy;
mod refuse;
mod server;
mod settings;
mod socket;
mod source;
mod stream;
mod tls;
mod watch;

pub use bind_error::BindError;
pub use body::{Bodies, BodyError, Room, read_body};
pub use forwarded::{ClientAddress, Proxies};
pub use listener::Listener;
pub use peer::Peer;
pub use refuse::{MAX_REFUSALS, REFUSAL_PATIENCE};
pub use server::Counters;
pub use server::{ACCEPT_PAUSE, Server, Stopped, Traffic};
pub use settings::{ListenSettings, ServerLimits, TlsFiles};
pub use socket::{Accept, Accepting, Bound, Duplex, Socket};
pub use source::{MAX_SOURCES, NOBODY, source_of};

#[cfg(test)]
mod tests;
