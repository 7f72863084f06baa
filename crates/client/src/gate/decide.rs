//! The gate's questions in their order, each put to the file that answers it.

use yanmi_protocol::UnixMillis;

use super::advice::{Advice, Reason};
use super::record::{Medium, NoticeOutcome, Way};
use super::rules::{Ask, Exemption, Rules, Settlement};
use super::scene::Scene;
use super::verdict::{Grounds, Verdict};
use super::visit::Visit;
use super::{offline, online};

/// Decides whether to settle.
///
/// ```
/// use yanmi_client::gate::{
///     Ask, Medium, OfflineOutcome, Reason, Rules, Settlement, Source, Verdict, Visit, VisitId, Way, decide,
/// };
/// use yanmi_protocol::UnixMillis;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = UnixMillis::new(1_763_869_440_000);
/// let ask = Ask { kind: Settlement::Outpatient, amount: "100".parse()? };
/// let mut visit = Visit::begin(VisitId::from_bytes([7; 16]), Medium::IdCard, None, now)?;
/// let verdict = decide(&visit, &ask, &Rules::default(), now);
/// assert!(matches!(verdict, Verdict::Refuse(advice) if advice.reason == Reason::NoWay));
///
/// // What a device that is plugged in has checked is its own evidence.
/// let passed = OfflineOutcome::Passed { serial: None, token: None };
/// visit.record_offline(Way::LibraryPassword, passed, Source::Port, now)?;
/// assert!(decide(&visit, &ask, &Rules::default(), now).settles());
/// # Ok(())
/// # }
/// ```
pub fn decide(visit: &Visit, ask: &Ask, rules: &Rules, now: UnixMillis) -> Verdict {
    if let Some(exemption) = exemption(visit, ask, rules) {
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
    exemption(visit, ask, rules).is_none()
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

/// Why this is not gated here; nothing when it is.
fn exemption(visit: &Visit, ask: &Ask, rules: &Rules) -> Option<Exemption> {
    let gated = match ask.kind {
        Settlement::Reversal => return Some(Exemption::Reversal),
        Settlement::Pharmacy => rules.pharmacy,
        Settlement::Outpatient => rules.outpatient,
        Settlement::Inpatient => rules.inpatient,
        Settlement::Registration => rules.registration,
        Settlement::Other => true,
    };
    let card = !matches!(visit.medium, Medium::QrCode | Medium::TerminalFace);
    if !gated {
        Some(Exemption::SwitchedOff)
    } else if visit.cross_province && !rules.cross_province {
        Some(Exemption::CrossProvince)
    } else if card && !rules.cards {
        Some(Exemption::Card)
    } else {
        None
    }
}
