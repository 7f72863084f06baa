//! What a center hands to an institution that was approved, and signs (section 1.4.2 of the specification).
//!
//! The persons of the play: the **center** makes an account's key and states what an institution's programmer has to know;
//! the **institution** has a key pair of its own, SM2, of which the center knows the public half; whoever carries a paper
//! from the one to the other, by mail if need be, learns no key from it and can change nothing unnoticed.
//!
//! * An [`Offer`] is an account's key for the owner of a [`PublicKey`], who has shown that the private key is his
//!   ([`PublicKey::check_proof`]). OpenSSL 3 opens it as well as `yanmi key open`.
//! * A [`Feedback`] is the feedback form (反馈表): everything his programmer has to know, and from it the configuration of
//!   client, agent and C ABI.
//! * A [`RunReport`] is what a test center says about an acceptance run, for an application to carry.
//!
//! This crate has no I/O and no clock; chance comes in as an argument. What is signed is a text that anybody can put together
//! and check with OpenSSL.
//!
//! # What is guaranteed
//!
//! * A [`PublicKey`] is a point of the SM2 curve and not the identity. Everything else is refused with the reason.
//! * A [`PrivateKey`] and what is decrypted with it are wiped when they are dropped, and no `Debug` shows them.
//! * A signature is of one purpose: each has a distinguishing identifier of its own, so that none can be passed off as another.

mod chance;
pub mod feedback;
mod number;
pub mod offer;
pub mod paper;
mod paper_error;
pub mod private_key;
mod proof;
pub mod public_key;
mod reader;
pub mod run_report;
mod signature;
mod word;
mod written;

pub use chance::Chance;
pub use feedback::Feedback;
pub use number::{ApplicationNo, FeedbackNo, NumberError};
pub use offer::{Offer, OfferError};
pub use paper::{Forged, Paper, Signed};
pub use paper_error::PaperError;
pub use private_key::{DecryptError, PrivateKey, PrivateKeyError};
pub use proof::NoProof;
pub use public_key::{KeyId, PublicKey, PublicKeyError};
pub use run_report::{RunNo, RunReport};
pub use signature::{DEFAULT_ID, Signature, SignatureError};
pub use word::{Conclusion, Handover, Interface, KeyForm, RunConclusion, Stage, SuiteKind};
