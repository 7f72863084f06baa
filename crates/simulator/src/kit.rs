//! The channel's side of the contract (section 5 of the reading), for channel apps written in Rust to use and for
//! others to read.
//!
//! A channel app has two duties and four things to say. It **takes** what the center posts to its notice address
//! ([`App::open`], [`App::received`]) and **shows** it ([`Inbox`]). It **asks** for what is pending when the person
//! opens the message center, because a push can get lost ([`App::pending`]); it **reports** what the person did
//! ([`App::report`]); and it switches password-free settlement ([`App::password_free`]).
//!
//! ```text
//! center ── notice, withdrawal ──▶ App::open ──▶ Inbox::take ──▶ screen
//!        ◀── App::received ───────
//!        ◀── App::pending ──────── message center opened
//!        ◀── App::report ───────── confirmed, cancelled, not me, failed ──▶ Inbox::settle
//! ```
//!
//! What is hard about it is the order of arrival. A push is tried again when its answer got lost, a withdrawal has
//! a connection of its own, and an answer about pending notices was true when it was written. So any message may
//! arrive twice, late, or before one that was sent earlier. [`Inbox`] sorts that out by `notcSeq`, and by nothing
//! else: the clocks of two centers differ, and their numbers come from different blocks.
//!
//! What a channel keeps is for showing. Whether a notice still counts, the center decides, each time it is told.

mod app;
mod inbox;

pub use app::{App, CENTER_DEADLINE, CenterAnswer, Posted, Refused, Sealed};
pub use inbox::{Entry, Fate, Inbox, MAX_KEPT, Taken};
