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
mod offline;
mod online;
mod record;
mod rules;
mod verdict;
mod visit;
mod wire;

pub use advice::{Advice, NextStep};
pub use record::{
    Confirmation, Medium, Notice, NoticeOutcome, OfflineOutcome, OfflineRecord, Source, StatusOutcome,
    StatusRecord, Way,
};
pub use rules::{Ask, CallNumber, Exemption, MAX_MORE, Rules, Settlement, Ways, is_cross_province};
pub use verdict::{Decision, Grounds, Proof, ProofWay, Reason, Verdict};
pub use visit::{StepError, Visit, VisitId};

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use self::advice::Scene;

/// How old the center's answer to the status query may be: it is asked for each decision.
pub const STATUS_FRESH: Duration = Duration::from_mins(1);

/// Decides whether to settle.
pub fn decide(visit: &Visit, ask: &Ask, rules: &Rules, now: UnixMillis) -> Verdict {
    if let Some(exemption) = rules.exempts(visit, ask) {
        return Verdict::Settle(Grounds::NotGated(exemption));
    }
    let scene = Scene { visit, rules };
    match visit.way {
        None if visit.medium == Medium::TerminalFace => offline::face(scene, now),
        None => scene.refuse(Reason::NoWay),
        Some(Way::Online) => online::decide(scene, ask, now),
        Some(way) => offline::decide(scene, way, now),
    }
}

/// Whether the decision needs the center's answer of now: it is to be asked before [`decide`].
pub fn needs_status(visit: &Visit, ask: &Ask, rules: &Rules) -> bool {
    rules.exempts(visit, ask).is_none()
        && visit.medium == Medium::QrCode
        && visit.way == Some(Way::Online)
        // A notice that was answered 500320 settles by itself (1.4.3.2(4)A).
        && visit.notice.as_ref().is_some_and(|notice| notice.outcome != NoticeOutcome::PasswordFree)
}

/// What to do after the person or the center ended the present verification without a confirmation, whenever it was asked;
/// nothing while it is open or confirmed, or where the center does not tell.
pub fn after_end(visit: &Visit, rules: &Rules) -> Option<Advice> {
    let status = visit.status.as_ref().filter(|status| status.epoch == visit.epoch)?;
    online::end_of(&status.outcome).map(|reason| Scene { visit, rules }.advice(reason))
}

/// What to do after a notice that failed; nothing when there is none that did.
pub fn after_notice(visit: &Visit, rules: &Rules) -> Option<Verdict> {
    visit.notice.as_ref().and_then(|notice| online::failed_notice(Scene { visit, rules }, notice))
}

#[cfg(test)]
mod tests;
