//! The sandbox one can watch: a page that shows the counter and the phones side by side, and below them every message
//! that passes between the parties, sealed and opened.
//!
//! The center needs to know nothing of it. Every message has one of the simulated parties at one end, and that party
//! has the key: it records what it sends and receives ([`exchange`]) into one bounded [`ring`] of events that are
//! already written as they go out. A page asks for `/events` and gets the ring from where it left off, so that a
//! reload in the middle of a journey shows the journey ([`stream`]). All pages show the same: what is on the counter
//! and on the phones is kept here ([`counter`], [`scene`]), not in a browser.
//!
//! | path | file |
//! |---|---|
//! | `GET /`, `/watch/*` | [`page`] |
//! | `GET /watch/world` | [`scene`] |
//! | `GET /events` | [`stream`] |
//! | what others send to the institution face | [`outside`] |
//! | `POST /counter/*` | `control::counter` |
//!
//! The page acts through the control interface, which is for everybody on this machine. [`guard`] keeps the web
//! pages of others from using it through the browser of somebody who has the sandbox running.
//!
//! Everybody here is invented. Names, identity numbers and digests are shown masked all the same, so that nobody
//! learns from this page to show them.

pub(crate) mod calls;
mod change;
pub(crate) mod counter;
pub(crate) mod exchange;
mod feed;
mod filter;
pub(crate) mod guard;
mod masked;
pub(crate) mod outside;
pub(crate) mod page;
mod ring;
pub(crate) mod scene;
pub(crate) mod send;
pub(crate) mod stream;
mod visit;

pub use feed::MOST_STREAMS;
pub(crate) use feed::{Actor, Showing, Watch};
