//! After the approval: joint debugging, acceptance, the key, and what runs.

use yanmi_protocol::{AccountId, KeyCheckValue, UnixMillis};

use crate::application::actor::{Actor, Person};
use crate::application::case::Application;
use crate::application::command::{Effect, Sight, Tiding};
use crate::application::deadline::{CONDITION, EMERGENCY, REPORT, TRIAL};
use crate::application::moment::{Moment, Step};
use crate::application::refused::Refused;
use crate::application::right::acts_as;
use crate::application::state::{
    Acceptance, Decision, Ground, IssuedKey, Live, Origin, Proposed, Report, ReportConclusion, State, Trial,
    Withdrawal,
};
use crate::area::Level;
use crate::role::Role;

fn trial(application: &Application) -> Result<&Trial, Refused> {
    match &application.state {
        State::Trial(trial) => Ok(trial),
        _ => Err(Refused::NotNow),
    }
}

pub(super) fn see(application: &Application, sight: Sight, moment: &Moment<'_>) -> Step {
    let state = match &application.state {
        State::Trial(trial) => {
            let mut trial = trial.clone();
            let first = match sight {
                Sight::Opened => &mut trial.seen.opened,
                Sight::Notice => &mut trial.seen.notice,
                Sight::Status => &mut trial.seen.status,
            };
            first.get_or_insert(moment.now);
            State::Trial(trial)
        }
        State::Live(live) if sight == Sight::Opened => {
            let mut live = live.clone();
            live.key.used.get_or_insert(moment.now);
            State::Live(live)
        }
        _ => return Err(Refused::NotNow),
    };
    Ok((application.noted(state), Vec::new()))
}

pub(super) fn report(application: &Application, report: &Report) -> Step {
    let trial = trial(application)?;
    // Who watched says so himself.
    if matches!(report.origin, Origin::Witnessed(_)) {
        return Err(Refused::Report("旁证须由旁证人登记"));
    }
    if !report.is_possible() {
        return Err(Refused::Report("只有联调中心的报告带有验收编号"));
    }
    // What the test center saw is not replaced by what somebody says.
    let seen = trial.report.as_ref().is_some_and(|report| report.origin == Origin::RunHere);
    if seen && report.origin == Origin::Own {
        return Err(Refused::Report("已有联调环境的验收报告，不用自测报告代替"));
    }
    let state = State::Trial(Trial { report: Some(report.clone()), ..trial.clone() });
    Ok((application.noted(state), vec![Effect::ShowAt(Level::Province)]))
}

pub(super) fn witness(application: &Application, moment: &Moment<'_>) -> Step {
    let trial = trial(application)?;
    let report = trial.report.as_ref().filter(|report| report.origin == Origin::Own);
    let report = report.ok_or(Refused::Report("没有需要旁证的自测报告"))?;
    let report = Report { origin: Origin::Witnessed(moment.person()?), ..report.clone() };
    let state = State::Trial(Trial { report: Some(report), ..trial.clone() });
    Ok((application.noted(state), Vec::new()))
}

pub(super) fn extend(application: &Application) -> Step {
    let trial = trial(application)?;
    if trial.extended {
        return Err(Refused::Time("联调期限只能延长一次"));
    }
    let state = Trial { until: trial.until.plus(TRIAL), extended: true, ..trial.clone() };
    Ok((application.noted(State::Trial(state)), Vec::new()))
}

pub(super) fn accept(
    application: &Application,
    until: Option<UnixMillis>,
    opinion: &str,
    moment: &Moment<'_>,
) -> Step {
    let trial = trial(application)?;
    let report = trial.report.as_ref().ok_or(Refused::Report("还没有验收报告"))?;
    enough(report, trial, moment)?;
    match (report.conclusion, until) {
        (ReportConclusion::Passed, None) => {}
        (ReportConclusion::Conditional, Some(until))
            if moment.now < until && until <= moment.now.plus(CONDITION) => {}
        (ReportConclusion::Failed, _) => return Err(Refused::Report("验收报告的结论是不通过")),
        (ReportConclusion::Passed, Some(_)) => return Err(Refused::Time("结论为通过的，不附期限")),
        (ReportConclusion::Conditional, _) => {
            return Err(Refused::Time("有条件通过的，须给出三十日之内的整改期限"));
        }
    }
    let acceptance = Acceptance { report: report.clone(), by: moment.decision(opinion)?, until };
    let state = State::Accepted { approval: trial.approval.clone(), acceptance };
    Ok((application.moved(state), vec![Effect::Tell(Tiding::Accepted)]))
}

/// Whether a report says something about this system, now.
fn enough(report: &Report, trial: &Trial, moment: &Moment<'_>) -> Result<(), Refused> {
    match report.origin {
        Origin::Own => return Err(Refused::Report("自测报告须有人旁证抽样，才能作为验收依据")),
        Origin::Witnessed(person) if person == moment.person()? => return Err(Refused::SamePerson),
        Origin::RunHere | Origin::Witnessed(_) => {}
    }
    if report.product != trial.approval.product {
        return Err(Refused::Report("验收报告的产品或版本与申请表不同"));
    }
    if report.at > moment.now || moment.now.since(report.at) > REPORT {
        return Err(Refused::Report("验收报告不是九十日之内的"));
    }
    Ok(())
}

pub(super) fn fulfil(application: &Application, opinion: &str, moment: &Moment<'_>) -> Step {
    let met = |acceptance: &Acceptance, issuer: Option<Person>| -> Result<Acceptance, Refused> {
        acceptance.until.ok_or(Refused::NotNow)?;
        // Whoever made the key out decides nothing about it.
        if issuer == moment.actor.person() {
            return Err(Refused::SamePerson);
        }
        Ok(Acceptance { until: None, by: moment.reasoned(opinion)?, report: acceptance.report.clone() })
    };
    let state = match &application.state {
        State::Accepted { approval, acceptance } => {
            State::Accepted { approval: approval.clone(), acceptance: met(acceptance, None)? }
        }
        State::Live(live) => {
            State::Live(Live { acceptance: met(&live.acceptance, Some(live.key.by))?, ..live.clone() })
        }
        State::Suspended { was, by, ground, until } => {
            let was =
                Box::new(Live { acceptance: met(&was.acceptance, Some(was.key.by))?, ..(**was).clone() });
            State::Suspended { was, by: by.clone(), ground: *ground, until: *until }
        }
        _ => return Err(Refused::NotNow),
    };
    Ok((application.noted(state), Vec::new()))
}

/// A condition that was to be met by now, and is not.
fn is_overdue(acceptance: &Acceptance, moment: &Moment<'_>) -> bool {
    acceptance.until.is_some_and(|until| until <= moment.now)
}

pub(super) fn issue(
    application: &Application,
    (account, kcv): (AccountId, KeyCheckValue),
    moment: &Moment<'_>,
) -> Step {
    let State::Accepted { approval, acceptance } = &application.state else { return Err(Refused::NotNow) };
    let by = moment.person()?;
    if [approval.by.by, approval.second, acceptance.by.by].contains(&by) {
        return Err(Refused::SamePerson);
    }
    if is_overdue(acceptance, moment) {
        return Err(Refused::Time("整改期限已过，条件尚未满足"));
    }
    if account.is_trial() {
        return Err(Refused::Code("正式的编码不能以 t- 开头：那是联调编码"));
    }
    let key = IssuedKey { account, kcv, by, at: moment.now, taken: None, used: None };
    let live = Live { approval: approval.clone(), acceptance: acceptance.clone(), key };
    let effects = vec![Effect::MakeAccount(account), Effect::Enable(account), Effect::Tell(Tiding::Issued)];
    Ok((application.moved(State::Live(live)), effects))
}

pub(super) fn take(application: &Application, moment: &Moment<'_>) -> Step {
    match &application.state {
        State::Live(live) if live.key.taken.is_none() => {
            let key = IssuedKey { taken: Some(moment.now), ..live.key.clone() };
            Ok((application.noted(State::Live(Live { key, ..live.clone() })), Vec::new()))
        }
        _ => Err(Refused::NotNow),
    }
}

pub(super) fn suspend(
    application: &Application,
    ground: Ground,
    opinion: &str,
    until: Option<UnixMillis>,
    moment: &Moment<'_>,
) -> Step {
    let approver = match moment.actor {
        Actor::Operator { grants, .. } => {
            acts_as(application, &[Role::Approver], None, grants, moment.now).is_ok()
        }
        _ => false,
    };
    let was = match &application.state {
        State::Live(live) => Box::new(live.clone()),
        // An approver makes a stop in an emergency last, or ends it at another time.
        State::Suspended { was, .. } if approver => was.clone(),
        _ => return Err(Refused::NotNow),
    };
    let by = moment.reasoned(opinion)?;
    let soon = until.is_some_and(|until| until <= moment.now.plus(EMERGENCY));
    if !approver && !soon {
        return Err(Refused::Time("值班人员只能停用四小时之内"));
    }
    if until.is_some_and(|until| until <= moment.now) {
        return Err(Refused::Time("停用的期限须晚于现在"));
    }
    let account = was.key.account;
    let state = State::Suspended { was, by: Some(by), ground, until };
    Ok((application.moved(state), vec![Effect::Disable(account), Effect::Tell(Tiding::Suspended)]))
}

pub(super) fn resume(application: &Application, opinion: &str, moment: &Moment<'_>) -> Step {
    let State::Suspended { was, .. } = &application.state else { return Err(Refused::NotNow) };
    moment.reasoned(opinion)?;
    if is_overdue(&was.acceptance, moment) {
        return Err(Refused::Time("整改期限已过，条件尚未满足"));
    }
    Ok(resumed(application, was))
}

fn resumed(application: &Application, was: &Live) -> (Application, Vec<Effect>) {
    let effects = vec![Effect::Enable(was.key.account), Effect::Tell(Tiding::Resumed)];
    (application.moved(State::Live(was.clone())), effects)
}

pub(super) fn close(application: &Application, ground: Ground, opinion: &str, moment: &Moment<'_>) -> Step {
    if !matches!(application.state, State::Live(_) | State::Suspended { .. }) {
        return Err(Refused::NotNow);
    }
    if application.pending(moment.now).is_some() {
        return Err(Refused::Pending);
    }
    let by = moment.reasoned(opinion)?;
    Ok((application.proposed(Proposed::Close(ground), by), vec![Effect::ShowToSecond(Level::Province)]))
}

/// What an approver proposed to close, a reviewer has confirmed.
pub(super) fn closed(
    application: &Application,
    was: &Live,
    ground: Ground,
    by: (Decision, Person),
) -> (Application, Vec<Effect>) {
    let effects = vec![Effect::CloseAccount(was.key.account), Effect::Tell(Tiding::Closed)];
    (application.moved(State::Closed { by, ground }), effects)
}

/// What time has done.
pub(super) fn lapse(application: &Application, moment: &Moment<'_>) -> Step {
    if !application.has_lapsed(moment.now) {
        return Err(Refused::NotDue);
    }
    let withdrawn = State::Withdrawn { at: moment.now, why: Withdrawal::Lapsed };
    let told = Effect::Tell(Tiding::Withdrawn);
    match &application.state {
        State::Draft { .. } | State::Returned { .. } => Ok((application.moved(withdrawn), vec![told])),
        State::Trial(trial) => Ok((application.moved(withdrawn), vec![Effect::Disable(trial.account), told])),
        State::Live(live) => Ok(unmet(application, live)),
        // What was accepted on a condition that is not met by now stays stopped.
        State::Suspended { was, .. } if is_overdue(&was.acceptance, moment) => Ok(unmet(application, was)),
        State::Suspended { was, .. } => Ok(resumed(application, was)),
        _ => Err(Refused::NotDue),
    }
}

/// A condition was not met in time.
fn unmet(application: &Application, live: &Live) -> (Application, Vec<Effect>) {
    let state =
        State::Suspended { was: Box::new(live.clone()), by: None, ground: Ground::Conformance, until: None };
    let effects = vec![Effect::Disable(live.key.account), Effect::Tell(Tiding::Suspended)];
    (application.moved(state), effects)
}
