//! What is right: the life of one verification and the policy around it.
//!
//! A *verification* is the question whether one institution may settle for the person behind one token. There is
//! one for each pair of token and institution. This crate says what every event does to it, and nothing else:
//! no I/O, no clock, no chance. Facts, time and fresh numbers come in as arguments; what shall be stored, sent
//! and written to the audit comes out as values. The center's ledger loads the facts, asks here, and commits
//! what it is told.
//!
//! # The persons of the play
//!
//! The **institution** asks for a notice ([`notify`]) and for the status ([`status`]). The **channel** takes the
//! notice or not ([`delivery`]) and reports what the **insured person** did ([`conclude`]). The person may have
//! switched password-free settlement on ([`password_free`]), and may mistype the password ([`password_try`]).
//!
//! # What is guaranteed
//!
//! * Nothing but a live confirmation of the live notice makes a status "1", and only while it is valid and
//!   covers the amount that was last asked for (V5, V6, V9).
//! * Another amount is another payment, whether somebody confirmed or none was asked (V5, V10).
//! * A clerk who clicks again takes nothing away: a repeated notice neither asks the person a second time nor
//!   voids what was confirmed (V3, V5).
//! * What was superseded can never be confirmed any more (V4), by another amount or by another app ([`takeover`]).
//! * A person is asked no more often than the policy allows, over all institutions (V8), and for a while not at all by an
//!   institution that was told "not me" ([`quiet`]).
//!
//! The rules V1 to V16 are those of section 4 of the reading of the specification; the order of the refusals is
//! that of its section 2, from step 8 on.

pub mod budget;
pub mod conclude;
pub mod delivery;
pub mod event;
pub mod facts;
pub mod notify;
pub mod password_free;
pub mod password_try;
pub mod policy;
pub mod quiet;
pub mod refusal;
pub mod stage;
pub mod state;
pub mod status;
pub mod takeover;
pub mod token;
pub mod word;

pub use budget::Budget;
pub use event::Event;
pub use facts::{ChannelFacts, ChannelRecord, Credential, Facts, Identity, IdentityKey, PersonKey, Ways};
pub use password_free::{FreeUse, Ground, PasswordFree, WordLimits, WordLimitsError};
pub use password_try::PasswordTries;
pub use policy::{ConfirmedAmount, Policy};
pub use refusal::Refusal;
pub use state::{Confirmer, DeclineReason, State, Undelivered, Verification};
