//! The settlement gate: sections 1.4.3, 1.5.3 and 1.6.2 of the specification as a pure function.
//!
//! It is given what was recorded about a [`Visit`], what is to be settled ([`Ask`]), the site's [`Rules`] and the
//! time, and answers one of three things: settle, with the grounds; do not settle, with the reason and the clerk's
//! next step; or fall back to the offline way. Nobody's judgment goes into it (1.6.2(8)).
//!
//! The order of its questions:
//!
//! 1. Is this settlement gated here at all? What is not, settles for a named [`Exemption`] that is recorded.
//! 2. Which medium was read? A face at the terminal is its own proof (1.5.3.2(2)B.a), when something shows it. A card needs the credential
//!    password, offline (B.b). A QR code may go either way. The medium is what was recorded when it was read: systems
//!    that scan a QR code and settle by identity number are the hole this closes.
//! 3. Which way was chosen? Only the record of that way counts.
//! 4. Online: what did the center answer *now*, about *this* token, with the serial of *our* notice, and does what
//!    was confirmed cover what is to be settled? Offline: was the password right, for this token, not too long ago?
//!
//! What was passed offline needs evidence: a serial, or the result of a device that is plugged in here. That a program or a
//! clerk says so counts only where the site says that it does (`gate.bare_claims`), and the decision tells it.
//!
//! What the specification leaves open is closed: a missing, old, strange or contradictory record never settles.

mod advice;
mod decide;
mod offline;
mod online;
mod record;
mod rules;
mod scene;
mod verdict;
mod visit;
mod wire;

pub use advice::{Advice, NextStep, Reason};
pub use decide::{after_end, after_notice, decide, needs_status};
pub use online::STATUS_FRESH;
pub use record::{
    Confirmation, Medium, Notice, NoticeOutcome, OfflineOutcome, OfflineRecord, Source, StatusOutcome,
    StatusRecord, Way,
};
pub use rules::{
    Ask, CallNumber, Exemption, MAX_MORE, Rules, Settlement, StatusSerial, Ways, is_cross_province,
};
pub use verdict::{Decision, Grounds, Proof, ProofWay, Verdict};
pub use visit::{StepError, Visit, VisitId};

#[cfg(test)]
mod tests;
