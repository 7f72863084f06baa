//! At the province: approved or refused, by two persons.

use yanmi_protocol::AccountId;

use crate::application::actor::Person;
use crate::application::case::{Application, way};
use crate::application::checklist::CheckItem;
use crate::application::command::{Effect, Tiding};
use crate::application::deadline::TRIAL;
use crate::application::desk::{answered, looked_at};
use crate::application::form::FormDigest;
use crate::application::moment::{Moment, Step};
use crate::application::refused::Refused;
use crate::application::state::{
    Approval, Decision, Ground, Passed, Proposed, Review, Sightings, State, Trial,
};
use crate::area::Level;

fn at_province<'a>(
    application: &'a Application,
    form: FormDigest,
    moment: &Moment<'_>,
) -> Result<&'a Review, Refused> {
    let review = looked_at(application, form, moment)?;
    if review.desk.level == Level::Province { Ok(review) } else { Err(Refused::NotNow) }
}

pub(super) fn refuse(
    application: &Application,
    form: FormDigest,
    ground: Ground,
    opinion: &str,
    moment: &Moment<'_>,
) -> Step {
    at_province(application, form, moment)?;
    let by = moment.reasoned(opinion)?;
    Ok((application.proposed(Proposed::Refuse(ground), by), vec![Effect::ShowToSecond(Level::Province)]))
}

pub(super) fn approve(
    application: &Application,
    form: FormDigest,
    checked: &[CheckItem],
    (account, opinion): (Option<AccountId>, &str),
    moment: &Moment<'_>,
) -> Step {
    let review = at_province(application, form, moment)?;
    if !all_levels(application, review) {
        return Err(Refused::NotNow);
    }
    answered(Level::Province, application, checked)?;
    if account.is_some() != application.kind.needs_trial() {
        return Err(Refused::Account);
    }
    if account.is_some_and(|account| !account.is_trial()) {
        return Err(Refused::Code("联调编码须以 t- 开头"));
    }
    let by = moment.decision(opinion)?;
    Ok((application.proposed(Proposed::Approve(account), by), vec![Effect::ShowToSecond(Level::Province)]))
}

/// Whether every level below the province, from the one its way began at, has passed it in this round, in order.
fn all_levels(application: &Application, review: &Review) -> bool {
    let below = |level: &Level| *level != Level::Province;
    way(application.start).take_while(below).eq(review.passed.iter().map(Passed::level))
}

/// What an approver approved, a reviewer has confirmed.
pub(super) fn approved(
    application: &Application,
    review: &Review,
    account: Option<AccountId>,
    (by, second): (Decision, Person),
    moment: &Moment<'_>,
) -> (Application, Vec<Effect>) {
    let approval = Approval {
        form: review.form,
        product: review.product.clone(),
        passed: review.passed.clone(),
        by,
        second,
    };
    let told = Effect::Tell(Tiding::Approved);
    let Some(account) = account else {
        return (application.moved(State::Done { approval }), vec![Effect::CarryOut, told]);
    };
    let trial = Trial {
        approval,
        account,
        until: moment.now.plus(TRIAL),
        extended: false,
        seen: Sightings::default(),
        report: None,
    };
    let effects = vec![Effect::StartTrial(account), Effect::MakeTrialForm, told];
    (application.moved(State::Trial(trial)), effects)
}
