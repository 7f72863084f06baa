//! At a desk: a clerk claims, passes on or sends back, and a reviewer confirms.

use crate::application::actor::Person;
use crate::application::case::{Application, above};
use crate::application::checklist::{CheckItem, checklist};
use crate::application::command::{Effect, Tiding};
use crate::application::deadline::{CLAIM, RETURNED, UNSTAFFED};
use crate::application::form::{Fault, FormDigest, MAX_FAULTS, MAX_WHY};
use crate::application::moment::{Moment, Step};
use crate::application::refused::Refused;
use crate::application::state::{Claim, Decision, Desk, Passed, Proposed, Review, State};
use crate::area::Level;

/// The review, when the application is at a desk.
pub(super) fn review(application: &Application) -> Result<&Review, Refused> {
    match &application.state {
        State::InReview(review) => Ok(review),
        _ => Err(Refused::NotNow),
    }
}

/// The review, when what was looked at is what lies there, and nothing waits for a second person.
pub(super) fn looked_at<'a>(
    application: &'a Application,
    form: FormDigest,
    moment: &Moment<'_>,
) -> Result<&'a Review, Refused> {
    let review = review(application)?;
    if review.form != form {
        return Err(Refused::Stale);
    }
    if application.pending(moment.now).is_some() {
        return Err(Refused::Pending);
    }
    Ok(review)
}

/// Whether every question of the level was answered, and no other.
pub(super) fn answered(
    level: Level,
    application: &Application,
    checked: &[CheckItem],
) -> Result<(), Refused> {
    let asked = checklist(level, application.kind);
    let all =
        asked.iter().all(|item| checked.contains(item)) && checked.iter().all(|item| asked.contains(item));
    if all { Ok(()) } else { Err(Refused::Checklist) }
}

/// The claim that counts now.
fn claim_of(review: &Review, moment: &Moment<'_>) -> Option<Claim> {
    review.desk.claim.filter(|claim| moment.now < claim.until)
}

fn with_claim(application: &Application, review: &Review, claim: Option<Claim>) -> Application {
    let desk = Desk { claim, ..review.desk };
    application.noted(State::InReview(Review { desk, ..review.clone() }))
}

/// He has claimed it, and nobody else has.
fn claimed(review: &Review, moment: &Moment<'_>) -> Result<(), Refused> {
    let person = moment.person()?;
    match claim_of(review, moment) {
        Some(claim) if claim.by == person => Ok(()),
        Some(_) => Err(Refused::Claimed),
        None => Err(Refused::NotClaimed),
    }
}

pub(super) fn claim(application: &Application, moment: &Moment<'_>) -> Step {
    let (review, by) = (review(application)?, moment.person()?);
    if claim_of(review, moment).is_some_and(|claim| claim.by != by) {
        return Err(Refused::Claimed);
    }
    let claim = Claim { by, until: moment.now.plus(CLAIM) };
    Ok((with_claim(application, review, Some(claim)), Vec::new()))
}

pub(super) fn release(application: &Application, moment: &Moment<'_>) -> Step {
    let review = review(application)?;
    claimed(review, moment)?;
    Ok((with_claim(application, review, None), vec![Effect::ShowAt(review.desk.level)]))
}

pub(super) fn pass(
    application: &Application,
    form: FormDigest,
    checked: &[CheckItem],
    opinion: &str,
    moment: &Moment<'_>,
) -> Step {
    let level = review(application)?.desk.level;
    // Above the province is nobody: there it is decided.
    above(level).ok_or(Refused::NotNow)?;
    let review = looked_at(application, form, moment)?;
    claimed(review, moment)?;
    answered(level, application, checked)?;
    let by = moment.decision(opinion)?;
    Ok((application.proposed(Proposed::Pass, by), vec![Effect::ShowToSecond(level)]))
}

/// What a clerk passed, a reviewer has confirmed.
pub(super) fn passed(
    application: &Application,
    review: &Review,
    (by, second): (Decision, Person),
    moment: &Moment<'_>,
) -> Step {
    let level = review.desk.level;
    onward(application, review, Passed::Looked { level, by, second }, moment)
}

pub(super) fn skip(application: &Application, moment: &Moment<'_>) -> Step {
    let review = review(application)?;
    let Desk { level, since, .. } = review.desk;
    above(level).ok_or(Refused::NotNow)?;
    let waited = moment.world.calendar.working_days(since, moment.now);
    if moment.world.staffed || waited < UNSTAFFED {
        return Err(Refused::NotDue);
    }
    onward(application, review, Passed::Skipped { level, at: moment.now }, moment)
}

/// To the desk above.
fn onward(application: &Application, review: &Review, by: Passed, moment: &Moment<'_>) -> Step {
    let level = above(review.desk.level).ok_or(Refused::NotNow)?;
    let mut review = review.clone();
    review.passed.push(by);
    review.desk = Desk { level, since: moment.now, claim: None };
    let effects = vec![Effect::ShowAt(level), Effect::Tell(Tiding::PassedOn(level))];
    Ok((application.moved(State::InReview(review)), effects))
}

pub(super) fn send_back(
    application: &Application,
    form: FormDigest,
    faults: &[Fault],
    opinion: &str,
    moment: &Moment<'_>,
) -> Step {
    let review = looked_at(application, form, moment)?;
    claimed(review, moment)?;
    let by = if faults.is_empty() { moment.reasoned(opinion)? } else { moment.decision(opinion)? };
    let said = |fault: &Fault| (1..=MAX_WHY).contains(&fault.why.trim().chars().count());
    if faults.len() > MAX_FAULTS || !faults.iter().all(said) {
        return Err(Refused::Opinion);
    }
    let until = moment.now.plus(RETURNED);
    let state = State::Returned { by, faults: faults.to_vec(), round: review.round, until };
    Ok((application.moved(state), vec![Effect::Tell(Tiding::Returned)]))
}
