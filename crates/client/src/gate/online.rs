//! The online way (1.6.2(9)): what the center answered to the notice and, now, to the status query.

use std::time::Duration;

use yanmi_protocol::{Amount, UnixMillis};

use super::advice::Reason;
use super::record::{Confirmation, Notice, NoticeOutcome, StatusOutcome, Way};
use super::rules::{Ask, StatusSerial};
use super::scene::Scene;
use super::verdict::{Grounds, Proof, ProofWay, Verdict};

/// How old the center's answer to the status query may be: it is asked for each decision.
pub const STATUS_FRESH: Duration = Duration::from_mins(1);

pub(super) fn decide(scene: Scene<'_>, ask: &Ask, now: UnixMillis) -> Verdict {
    let visit = scene.visit;
    let Some(notice) = &visit.notice else { return scene.refuse(Reason::NotNotified) };
    let fresh = |at: UnixMillis| at.distance(now) <= STATUS_FRESH;
    match visit.status.as_ref().filter(|status| status.epoch == visit.epoch && fresh(status.at)) {
        None if notice.outcome == NoticeOutcome::PasswordFree => free(scene, notice, notice.at, ask, now),
        None => failed_notice(scene, notice).unwrap_or_else(|| scene.refuse(Reason::StatusMissing)),
        Some(status) => match &status.outcome {
            StatusOutcome::Confirmed { serial, told } => {
                confirmed(scene, (notice, serial, told.as_ref()), status.at, ask, now)
            }
            StatusOutcome::PasswordFree => free(scene, notice, status.at, ask, now),
            StatusOutcome::Unconfirmed { told, stage, .. } => {
                let reason = stage.as_deref().map_or(Reason::NotConfirmed, ended);
                // A notice that failed after these failed because of them.
                if matches!(reason, Reason::NotMe | Reason::Locked) {
                    return scene.refuse(reason);
                }
                failed_notice(scene, notice).unwrap_or_else(|| unconfirmed(scene, reason, told.as_ref()))
            }
            StatusOutcome::Refused { code, message } => scene.refused(*code, message),
            StatusOutcome::NoAnswer { timed_out, message } => scene.no_answer(*timed_out, message),
            StatusOutcome::Foreign { message } => Verdict::Refuse(scene.told(Reason::Foreign, message)),
        },
    }
}

/// Why a verification ended without a confirmation; nothing when it did not.
pub(super) fn end_of(outcome: &StatusOutcome) -> Option<Reason> {
    let StatusOutcome::Unconfirmed { stage: Some(stage), .. } = outcome else { return None };
    Some(ended(stage)).filter(|reason| *reason != Reason::NotConfirmed)
}

/// What a stage of the center means; one that is not known, that the person has not confirmed yet.
fn ended(stage: &str) -> Reason {
    match stage {
        "cancelled" => Reason::Cancelled,
        "notMe" => Reason::NotMe,
        "wrongPassword" => Reason::Locked,
        "expired" | "lapsed" => Reason::Lapsed,
        "failed" | "undelivered" => Reason::ChannelFailed,
        _ => Reason::NotConfirmed,
    }
}

/// `checkStas` "1": it counts when it answers our notice, is not too old, and was about enough.
fn confirmed(
    scene: Scene<'_>,
    (notice, serial, told): (&Notice, &str, Option<&Confirmation>),
    asked_at: UnixMillis,
    ask: &Ask,
    now: UnixMillis,
) -> Verdict {
    let rules = scene.rules;
    // What vouched for the notice was another's, so whose confirmation this is nobody knows.
    if let NoticeOutcome::Foreign { message } = &notice.outcome {
        return Verdict::Refuse(scene.told(Reason::Foreign, message));
    }
    let ours = notice.serial.as_deref() == Some(serial);
    if rules.status_serial == StatusSerial::OfNotice && !ours {
        return scene.refuse(Reason::AnotherSerial);
    }
    // Of the notice that was answered: a later one without an answer does not make the confirmation younger.
    if !rules.is_valid(notice.serial_at, now) {
        return scene.refuse(Reason::ProofExpired);
    }
    let covers = told.map_or(notice.covers, |told| told.amount);
    let proof = Proof {
        way: ProofWay::of(Way::Online, told.and_then(|told| told.way.as_deref())),
        at: told.map_or(asked_at, |told| told.at),
        serial: Some(serial.to_owned()),
        password_free: false,
        covers,
        claimed: false,
    };
    settle_when_covered(scene, proof, ask)
}

/// 500320: no password is needed for the amount that was asked about.
fn free(scene: Scene<'_>, notice: &Notice, at: UnixMillis, ask: &Ask, now: UnixMillis) -> Verdict {
    if !scene.rules.is_valid(at, now) {
        return scene.refuse(Reason::ProofExpired);
    }
    let (way, covers) = (ProofWay::Online, notice.covers);
    let proof = Proof { way, at, serial: None, password_free: true, covers, claimed: false };
    settle_when_covered(scene, proof, ask)
}

fn settle_when_covered(scene: Scene<'_>, proof: Proof, ask: &Ask) -> Verdict {
    if proof.covers.is_some_and(|most: Amount| ask.amount > most) {
        return scene.refuse(Reason::AmountNotCovered);
    }
    Verdict::Settle(Grounds::Proven(proof))
}

fn unconfirmed(scene: Scene<'_>, reason: Reason, told: Option<&(String, String)>) -> Verdict {
    let mut advice = scene.advice(reason);
    if let Some((stage, next)) = told.filter(|_| reason == Reason::NotConfirmed) {
        advice.why = format!("{}：{stage}", reason.why());
        // The center knows what became of the notice; what it does not know is how often we have tried.
        if !next.is_empty() && scene.visit.notices <= 1 {
            advice.next.clone_from(next);
        }
    }
    Verdict::Refuse(advice)
}

/// What a notice that failed means; nothing for one that did not.
pub(super) fn failed_notice(scene: Scene<'_>, notice: &Notice) -> Option<Verdict> {
    match &notice.outcome {
        NoticeOutcome::Notified | NoticeOutcome::PasswordFree => None,
        NoticeOutcome::Pending => Some(scene.no_answer(false, "通知的结果未知（程序在等待应答时中断）")),
        NoticeOutcome::NotNotified => {
            Some(scene.fall_back(scene.told(Reason::NoticeFailed, "通知结果标识为 0")))
        }
        NoticeOutcome::Refused { code, message } => Some(scene.refused(*code, message)),
        NoticeOutcome::NoAnswer { timed_out, message } => Some(scene.no_answer(*timed_out, message)),
        NoticeOutcome::Foreign { message } => Some(Verdict::Refuse(scene.told(Reason::Foreign, message))),
    }
}
