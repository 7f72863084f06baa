//! Every other party than the center, each speaking the real protocol over real sockets.
//!
//! The persons of the play:
//!
//! * the **national center** ([`Simulator`], paths of `yanmi_protocol::message::national`), which issues QR codes
//!   and tokens and answers the center's four questions;
//! * the **channel apps** ([`Simulator`], `/channels/{chnlId}/notice`), which take notices and tell the center
//!   what the person did; each can be put into a bad mood;
//! * the **insured persons**, who act through their phones (the control interface of the [`Simulator`]);
//! * the **terminal** and the **dynamic library** of an institution (the same interface, behind crate `yanmi-vendor`);
//! * the **institution** ([`Institution`]), which decodes, notifies and asks.
//!
//! The [`Simulator`] also serves the page on which all of this can be watched. What its channel apps are made of is
//! crate `yanmi-channel`, which other apps can use as well.
//!
//! Who exists, with which keys, is a [`World`]: the sandbox writes it to `sandbox.json` and reads it back. The
//! simulator keeps nothing else that matters. QR codes, tokens and face authorizations carry their meaning
//! inside themselves, and a phone that forgot its notices asks the center for them, so any party may be
//! restarted at any moment.
//!
//! Time and chance are arguments here as everywhere: a [`Clock`] and an [`Entropy`].

mod ambient;
pub mod bench;
mod channel;
mod control;
mod hang;
pub mod institution;
pub mod magic;
mod mint;
mod mood;
mod national;
mod onboarding;
pub mod outgoing;
mod phone;
mod reply;
mod serve;
mod state;
mod terminal;
mod watch;
pub mod world;

pub use ambient::{Clock, Entropy};
pub use channel::SwitchError;
pub use hang::{LONGEST_HANG, LONGEST_SILENCE, MOST_HELD};
pub use institution::Institution;
pub use mood::{ChannelMood, NationalMood, SLOWEST};
pub use onboarding::{OnboardedSystem, Onboarding};
pub use serve::{MAX_CONNECTIONS, Onlooker, Outside, STOP_BOUND, Simulator};
pub use terminal::TerminalMood;
pub use watch::MOST_STREAMS;
pub use world::World;
