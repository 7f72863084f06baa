//! What the screen says about a visit: one of three signs, why, and the next step.
//!
//! The sign says "settle" for a stored decision of the gate only, while nothing happened to the visit since, for a few
//! minutes, and for the amount it was decided about. It waits while the person may still confirm. Everything else is the
//! third sign.

use std::time::Duration;

use yanmi_client::gate::{
    self, Ask, Decision, Grounds, Medium, NextStep, NoticeOutcome, OfflineOutcome, Reason, Rules, Settlement,
    StatusOutcome, StatusRecord, Verdict, Visit, Way,
};
use yanmi_protocol::{Amount, UnixMillis};

use crate::office::Note;
use crate::view;

/// How long the sign says "settle" without being asked again.
pub(super) const SIGN_FRESH: Duration = Duration::from_mins(5);

/// What the clerk does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// Send a notice.
    Send,
    /// Wait for the person.
    Wait,
    /// Ask the gate.
    Ask,
    /// Check offline.
    Offline,
    /// Scan another code.
    Scan,
    /// Settle in the HIS.
    Settle,
}

impl Act {
    /// The word styles and script know it by.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Ask => "ask",
            Self::Offline => "offline",
            Self::Scan => "scan",
            Self::Settle => "settle",
        }
    }
}

/// The three signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// Settle.
    Yes,
    /// The person has been asked and may still confirm.
    Wait,
    /// Do not settle.
    No,
}

impl Look {
    /// Style, and the words a clerk reads from afar.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Yes => ("sign allowed", "可以结算"),
            Self::Wait => ("sign waiting", "等待认证"),
            Self::No => ("sign denied", "不能结算"),
        }
    }
}

/// How far a step of the way is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Done,
    Now,
    Failed,
    Ahead,
}

/// What is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Face {
    pub(super) look: Look,
    /// Whether another notice makes sense; the center sends none after "not me".
    pub(super) notify: bool,
    pub(super) why: String,
    pub(super) next: String,
    pub(super) act: Act,
    pub(super) steps: [(&'static str, Step); 4],
}

/// What would be asked of the gate now; nothing without an amount.
pub(super) fn ask(visit: &Visit, note: &Note, kind: Option<Settlement>) -> Option<Ask> {
    let decided = visit.decision();
    let amount = note.amount.or_else(|| visit.notice().and_then(|notice| notice.amount));
    let amount = amount.or_else(|| decided.map(|decision| decision.amount))?;
    let kind = note.kind.or_else(|| decided.map(|decision| decision.kind)).or(kind);
    Some(Ask { kind: kind.unwrap_or(Settlement::Outpatient), amount })
}

/// The status answer, when it is one to the present question.
fn current(visit: &Visit) -> Option<&StatusRecord> {
    visit.status().filter(|status| status.epoch == visit.epoch())
}

/// Whether the person has been asked and has not answered yet, as far as is known: the center is worth asking.
pub(super) fn is_waiting(visit: &Visit) -> bool {
    let notified = visit.notice().is_some_and(|notice| notice.outcome == NoticeOutcome::Notified);
    let confirmed = current(visit).is_some_and(|status| confirms(&status.outcome));
    let confirmed = confirmed || ended(visit, &Rules::default()).is_some();
    visit.medium() == Medium::QrCode && visit.way() == Some(Way::Online) && notified && !confirmed
}

/// What to do after the person or the center ended the verification.
pub(super) fn ended(visit: &Visit, rules: &Rules) -> Option<gate::Advice> {
    gate::after_end(visit, rules).filter(|_| visit.way() == Some(Way::Online))
}

/// Until when the person can confirm, where the center tells.
pub(super) fn until(visit: &Visit) -> Option<UnixMillis> {
    match &current(visit)?.outcome {
        StatusOutcome::Unconfirmed { until, .. } => *until,
        _ => None,
    }
}

const fn confirms(outcome: &StatusOutcome) -> bool {
    matches!(outcome, StatusOutcome::Confirmed { .. } | StatusOutcome::PasswordFree)
}

/// Whether something came that the gate has not decided about yet.
pub(super) fn is_ripe(visit: &Visit) -> bool {
    let came = match visit.way() {
        Some(Way::Online) => {
            let free = visit.notice().filter(|notice| notice.outcome == NoticeOutcome::PasswordFree);
            let confirmed = current(visit).filter(|status| confirms(&status.outcome));
            confirmed.map(|status| status.at).or(free.map(|notice| notice.at))
        }
        Some(_) => visit.offline().map(|record| record.at),
        None => (visit.medium() == Medium::TerminalFace).then(|| visit.begun_at()),
    };
    came.is_some_and(|came| visit.decision().is_none_or(|decision| decision.at < came))
}

/// The decision, when nothing happened since.
fn standing(visit: &Visit) -> Option<&Decision> {
    let last = [
        Some(visit.begun_at()),
        visit.notice().map(|notice| notice.at),
        visit.offline().map(|record| record.at),
        visit.status().map(|status| status.at),
    ];
    let last = last.into_iter().flatten().max()?;
    visit.decision().filter(|decision| decision.at >= last)
}

/// The decision that lets settle, when the record it rests on is still the record.
pub(super) fn allows<'a>(visit: &'a Visit, rules: &Rules) -> Option<(&'a Decision, &'a Grounds)> {
    let decision = standing(visit)?;
    let Verdict::Settle(grounds) = &decision.verdict else { return None };
    let ask = Ask { kind: decision.kind, amount: decision.amount };
    gate::decide(visit, &ask, rules, decision.at).settles().then_some((decision, grounds))
}

/// What to show.
pub(super) fn face(visit: &Visit, ask: Option<Ask>, rules: &Rules, now: UnixMillis) -> Face {
    let told = |why: String, next: &str, act| Face {
        look: match act {
            Act::Settle => Look::Yes,
            Act::Wait => Look::Wait,
            _ => Look::No,
        },
        notify: ended(visit, rules).is_none_or(|advice| advice.reason != Reason::NotMe),
        why,
        next: next.to_owned(),
        act,
        steps: steps(visit, act),
    };
    if let Some((decision, grounds)) = allows(visit, rules) {
        if ask.is_some_and(|ask| (ask.amount, ask.kind) != (decision.amount, decision.kind)) {
            return told("金额或结算种类已改变".to_owned(), "请按新的金额再次确认结算。", Act::Ask);
        }
        if now.distance(decision.at) > SIGN_FRESH {
            return told("上次判断已过 5 分钟".to_owned(), "结算前请再次确认结算。", Act::Ask);
        }
        return told(grounds.words(), "请在 HIS 中完成结算。", Act::Settle);
    }
    if let Some(advice) = standing(visit).and_then(|decision| view::advice_of(&decision.verdict)) {
        return told(advice.why.clone(), &advice.next, act(visit, advice));
    }
    if let Some(advice) = ended(visit, rules) {
        return told(advice.why.clone(), &advice.next, act(visit, &advice));
    }
    if let Some(asked) = waiting_words(visit) {
        return told(asked.0, &asked.1, Act::Wait);
    }
    let nothing = || Amount::from_fen(0).ok().map(|amount| Ask { kind: Settlement::Outpatient, amount });
    let Some(ask) = ask.or_else(nothing) else {
        return told("尚未判断".to_owned(), "请输入金额，确认结算。", Act::Ask);
    };
    match &gate::decide(visit, &ask, rules, now) {
        Verdict::Settle(_) => told("核验已完成，尚未判断".to_owned(), "请输入金额，确认结算。", Act::Ask),
        Verdict::Refuse(advice) | Verdict::FallBack(advice)
            if passed(visit) && advice.reason == Reason::StatusMissing =>
        {
            told("参保人已完成认证，尚未判断".to_owned(), "请确认结算。", Act::Ask)
        }
        Verdict::Refuse(advice) | Verdict::FallBack(advice) => {
            told(advice.why.clone(), &advice.next, act(visit, advice))
        }
    }
}

/// What the person is at, and what helps.
fn waiting_words(visit: &Visit) -> Option<(String, String)> {
    if !is_waiting(visit) {
        return None;
    }
    let why = "已通知参保人，等待其在手机上完成认证";
    let next = "请参保人打开展码的渠道应用，查看通知并完成认证。";
    match current(visit).map(|status| &status.outcome) {
        None | Some(StatusOutcome::Unconfirmed { told: None, .. }) => Some((why.to_owned(), next.to_owned())),
        Some(StatusOutcome::Unconfirmed { told: Some((stage, step)), .. }) => {
            Some((stage.clone(), if step.is_empty() { next.to_owned() } else { step.clone() }))
        }
        Some(_) => None,
    }
}

fn passed(visit: &Visit) -> bool {
    current(visit).is_some_and(|status| confirms(&status.outcome))
}

/// What an advice has the clerk do: the first of its steps that is done on this page.
fn act(visit: &Visit, advice: &gate::Advice) -> Act {
    let done = advice.steps.iter().find_map(|step| match step {
        NextStep::Wait if is_waiting(visit) => Some(Act::Wait),
        NextStep::Notify => Some(Act::Send),
        NextStep::Rescan => Some(Act::Scan),
        NextStep::Ask => Some(Act::Ask),
        NextStep::TerminalFace | NextStep::TerminalPassword | NextStep::LibraryPassword => Some(Act::Offline),
        NextStep::Wait | NextStep::Identify | NextStep::Inform => None,
    });
    match advice.reason {
        // What failed twice is not tried a third time first.
        Reason::NoticeFailed if advice.code == Some(500_319) && visit.notices() > 1 => Act::Offline,
        _ => done.unwrap_or(Act::Ask),
    }
}

fn steps(visit: &Visit, act: Act) -> [(&'static str, Step); 4] {
    let settle = if act == Act::Settle { Step::Done } else { Step::Ahead };
    let way = visit.way();
    if way.is_some_and(|way| way != Way::Online) || visit.medium() != Medium::QrCode {
        let checked = match visit.offline().map(|record| &record.outcome) {
            Some(OfflineOutcome::Passed { .. }) => Step::Done,
            Some(_) => Step::Failed,
            None if act == Act::Settle => Step::Done,
            None => Step::Now,
        };
        return [("登记", Step::Done), ("改走线下", Step::Done), ("线下核验", checked), ("可以结算", settle)];
    }
    let (sent, confirmed) = match visit.notice().map(|notice| &notice.outcome) {
        None => (Step::Now, Step::Ahead),
        Some(NoticeOutcome::PasswordFree) => (Step::Done, Step::Done),
        Some(NoticeOutcome::Notified) if passed(visit) || act == Act::Settle => (Step::Done, Step::Done),
        Some(NoticeOutcome::Notified) if !is_waiting(visit) => (Step::Done, Step::Failed),
        Some(NoticeOutcome::Notified) => (Step::Done, Step::Now),
        Some(_) => (Step::Failed, Step::Ahead),
    };
    [("扫码", Step::Done), ("通知", sent), ("参保人认证", confirmed), ("可以结算", settle)]
}
