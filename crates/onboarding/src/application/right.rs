//! Whose a command is.

use yanmi_protocol::UnixMillis;

use crate::application::actor::{Actor, Person};
use crate::application::case::Application;
use crate::application::command::Command;
use crate::application::refused::Refused;
use crate::application::state::{Origin, State};
use crate::area::Level;
use crate::grant::{Denied, Grant};
use crate::role::Role;

/// Who a command is for.
enum Holder {
    /// Anybody of the applicant, or the operator who filed for him.
    Applicant,
    /// 经办负责人, or the operator who filed for the applicant.
    Submitter,
    /// The center itself.
    Center,
    /// Operators with one of these roles; of this level only, where one is said.
    Operators(&'static [Role], Option<Level>),
}

/// Refuses whom a command is not for.
pub(super) fn check(
    application: &Application,
    command: &Command<'_>,
    actor: &Actor<'_>,
    now: UnixMillis,
) -> Result<(), Refused> {
    let filer = actor.person() == Some(application.filer);
    match (holder(application, command), actor) {
        (Holder::Center, Actor::Center)
        | (Holder::Applicant, Actor::Applicant { .. })
        | (Holder::Submitter, Actor::Applicant { admin: true, .. }) => Ok(()),
        (Holder::Applicant | Holder::Submitter, Actor::Operator { .. }) if filer => Ok(()),
        // Whoever proposed something may take it back, whatever his role is.
        (Holder::Operators(..), Actor::Operator { .. }) if takes_back(application, command, actor) => Ok(()),
        (Holder::Operators(roles, level), Actor::Operator { id, grants }) => {
            acts_as(application, roles, level, grants, now)
                .map_err(|denied| Refused::NotHis(Some(denied)))?;
            let person = Person::Operator(*id);
            let own = filer || application.contacts.contains(&person);
            if own { Err(Refused::Own) } else { Ok(()) }
        }
        _ => Err(Refused::NotHis(None)),
    }
}

fn takes_back(application: &Application, command: &Command<'_>, actor: &Actor<'_>) -> bool {
    let proposer = application.proposal.as_ref().map(|proposal| proposal.by.by);
    matches!(command, Command::Object) && proposer.is_some() && proposer == actor.person()
}

/// Whether somebody with these grants has one of the roles there.
pub(super) fn acts_as(
    application: &Application,
    roles: &[Role],
    level: Option<Level>,
    grants: &[Grant],
    now: UnixMillis,
) -> Result<(), Denied> {
    let mut held = grants.iter().filter(|grant| grant.holds(now) && roles.contains(&grant.role)).peekable();
    if held.peek().is_none() {
        return Err(Denied::NoRole);
    }
    let there = |grant: &Grant| {
        level.is_none_or(|level| grant.area.level() == level) && grant.area.covers(&application.place)
    };
    if held.any(there) { Ok(()) } else { Err(Denied::OutOfReach) }
}

fn holder(application: &Application, command: &Command<'_>) -> Holder {
    let desk = match &application.state {
        State::InReview(review) => Some(review.desk.level),
        _ => None,
    };
    match command {
        Command::Submit(_) | Command::Withdraw => Holder::Submitter,
        // What another test center signed is brought by the applicant.
        Command::Report(report) if report.origin == Origin::RunHere && report.run.is_none() => Holder::Center,
        Command::Save | Command::AddFile(_) | Command::RemoveFile(_) | Command::Report(_) => {
            Holder::Applicant
        }
        Command::Skip | Command::See(_) | Command::Take | Command::Lapse => Holder::Center,
        Command::Claim | Command::Release | Command::Pass { .. } | Command::Return { .. } => {
            Holder::Operators(&[Role::Clerk], desk)
        }
        Command::Confirm { .. } | Command::Object => {
            Holder::Operators(&[Role::Reviewer], desk.or(Some(Level::Province)))
        }
        Command::Witness => Holder::Operators(&[Role::Clerk, Role::Reviewer], None),
        Command::Refuse { .. }
        | Command::Approve { .. }
        | Command::Extend
        | Command::Accept { .. }
        | Command::Fulfil { .. }
        | Command::Resume { .. }
        | Command::Close { .. } => Holder::Operators(&[Role::Approver], None),
        Command::Issue { .. } => Holder::Operators(&[Role::KeyKeeper], None),
        Command::Suspend { .. } => Holder::Operators(&[Role::Duty, Role::Approver], None),
    }
}
