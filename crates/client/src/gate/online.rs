//! The online way (1.6.2(9)): what the center answered to the notice and, now, to the status query.

use yanmi_protocol::{Amount, UnixMillis};

use super::STATUS_FRESH;
use super::record::{Confirmation, Notice, NoticeOutcome, StatusOutcome, Way};
use super::rules::{Ask, Rules};
use super::verdict::{Grounds, Proof, ProofWay, Reason, Verdict, after_notices, no_answer, refused};
use super::visit::Visit;
use crate::config::StatusSerial;

pub(super) fn decide(visit: &Visit, ask: &Ask, rules: &Rules, now: UnixMillis) -> Verdict {
    let Some(notice) = &visit.notice else { return Reason::NotNotified.refuse() };
    let fresh = |at: UnixMillis| at.distance(now) <= STATUS_FRESH;
    match visit.status.as_ref().filter(|status| status.epoch == visit.epoch && fresh(status.at)) {
        None if notice.outcome == NoticeOutcome::PasswordFree => free(notice, notice.at, ask, rules, now),
        None => failed_notice(notice).unwrap_or_else(|| Reason::StatusMissing.refuse()),
        Some(status) => match &status.outcome {
            StatusOutcome::Confirmed { serial, told } => {
                confirmed(notice, serial, told.as_ref(), status.at, ask, rules, now)
            }
            StatusOutcome::PasswordFree => free(notice, status.at, ask, rules, now),
            StatusOutcome::Unconfirmed { told } => {
                failed_notice(notice).unwrap_or_else(|| unconfirmed(visit, told.as_ref()))
            }
            StatusOutcome::Refused { code, message } => refused(*code, message),
            StatusOutcome::NoAnswer { timed_out, message } => no_answer(*timed_out, message),
            StatusOutcome::Foreign { message } => Verdict::Refuse(Reason::Foreign.told(message)),
        },
    }
}

/// `checkStas` "1": it counts when it answers our notice, is not too old, and was about enough.
fn confirmed(
    notice: &Notice,
    serial: &str,
    told: Option<&Confirmation>,
    asked_at: UnixMillis,
    ask: &Ask,
    rules: &Rules,
    now: UnixMillis,
) -> Verdict {
    let ours = notice.serial.as_deref() == Some(serial);
    if rules.status_serial == StatusSerial::OfNotice && !ours {
        return Reason::AnotherSerial.refuse();
    }
    // Of the notice that was answered: a later one without an answer does not make the confirmation younger.
    if !rules.is_valid(notice.serial_at, now) {
        return Reason::ProofExpired.refuse();
    }
    let covers = told.map_or(notice.covers, |told| told.amount);
    let proof = Proof {
        way: ProofWay::of(Way::Online, told.and_then(|told| told.way.as_deref())),
        at: told.map_or(asked_at, |told| told.at),
        serial: Some(serial.to_owned()),
        password_free: false,
        covers,
    };
    settle_when_covered(proof, ask)
}

/// 500320: no password is needed for the amount that was asked about.
fn free(notice: &Notice, at: UnixMillis, ask: &Ask, rules: &Rules, now: UnixMillis) -> Verdict {
    if !rules.is_valid(at, now) {
        return Reason::ProofExpired.refuse();
    }
    let proof = Proof { way: ProofWay::Online, at, serial: None, password_free: true, covers: notice.covers };
    settle_when_covered(proof, ask)
}

fn settle_when_covered(proof: Proof, ask: &Ask) -> Verdict {
    if proof.covers.is_some_and(|most: Amount| ask.amount > most) {
        return Reason::AmountNotCovered.refuse();
    }
    Verdict::Settle(Grounds::Proven(proof))
}

fn unconfirmed(visit: &Visit, told: Option<&(String, String)>) -> Verdict {
    let mut advice = Reason::NotConfirmed.advice();
    after_notices(visit.notices).clone_into(&mut advice.next);
    if let Some((stage, next)) = told {
        advice.why = format!("{}：{stage}", Reason::NotConfirmed.words().0);
        // The center knows what became of the notice; what it does not know is how often we have tried.
        if !next.is_empty() && visit.notices <= 1 {
            advice.next.clone_from(next);
        }
    }
    Verdict::Refuse(advice)
}

/// What a notice that failed means; nothing for one that did not.
pub(super) fn failed_notice(notice: &Notice) -> Option<Verdict> {
    match &notice.outcome {
        NoticeOutcome::Notified | NoticeOutcome::PasswordFree => None,
        NoticeOutcome::Pending => Some(no_answer(false, "通知的结果未知（程序在等待应答时中断）")),
        NoticeOutcome::NotNotified => Some(Verdict::FallBack(Reason::NoticeFailed.told("通知结果标识为 0"))),
        NoticeOutcome::Refused { code, message } => Some(refused(*code, message)),
        NoticeOutcome::NoAnswer { timed_out, message } => Some(no_answer(*timed_out, message)),
        NoticeOutcome::Foreign { message } => Some(Verdict::Refuse(Reason::Foreign.told(message))),
    }
}
