//! A command, with everything around it.

use yanmi_protocol::UnixMillis;

use crate::application::actor::{Actor, Person};
use crate::application::calendar::Calendar;
use crate::application::case::Application;
use crate::application::command::Effect;
use crate::application::form::MAX_OPINION;
use crate::application::refused::Refused;
use crate::application::state::Decision;

/// What the rules have to be told about the world.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The holidays.
    pub calendar: &'a Calendar,
    /// Whether an active clerk and another active reviewer work at the level the application waits at, in reach of it.
    pub staffed: bool,
}

/// What comes of a step.
pub(super) type Step = Result<(Application, Vec<Effect>), Refused>;

/// A command with everything around it.
pub(super) struct Moment<'a> {
    pub(super) actor: &'a Actor<'a>,
    pub(super) world: &'a Circumstances<'a>,
    pub(super) now: UnixMillis,
}

impl Moment<'_> {
    /// The person who acts; the rights were checked, so the center never gets here.
    pub(super) fn person(&self) -> Result<Person, Refused> {
        self.actor.person().ok_or(Refused::NotHis(None))
    }

    /// A decision of whoever acts.
    pub(super) fn decision(&self, opinion: &str) -> Result<Decision, Refused> {
        if opinion.chars().count() > MAX_OPINION {
            return Err(Refused::Opinion);
        }
        Ok(Decision { by: self.person()?, at: self.now, opinion: opinion.trim().to_owned() })
    }

    /// The same, with words that may not be missing.
    pub(super) fn reasoned(&self, opinion: &str) -> Result<Decision, Refused> {
        if opinion.trim().is_empty() { Err(Refused::Opinion) } else { self.decision(opinion) }
    }
}
