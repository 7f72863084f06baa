//! Whose turn it is: who has to do something for an application to go on.

use yanmi_protocol::UnixMillis;

use crate::application::case::Application;
use crate::application::state::{Origin, State};
use crate::application::stored::Word;
use crate::area::Level;
use crate::role::Role;

/// Who acts next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Turn {
    /// The applicant, or whoever files for him.
    Applicant,
    /// Operators of this role at this level, in reach of the application.
    Operator(Role, Level),
    /// Nobody has to do anything.
    Nobody,
}

impl Turn {
    /// What people read.
    pub fn words(self) -> String {
        match self {
            Self::Applicant => "申请方".to_owned(),
            Self::Operator(role, level) => format!("{}{}", level.name(), role.name()),
            Self::Nobody => "—".to_owned(),
        }
    }

    /// The words it is stored as: for whom, and of which level.
    pub fn stored(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Applicant => ("applicant", None),
            Self::Operator(role, level) => (role.word(), Some(level.word())),
            Self::Nobody => ("nobody", None),
        }
    }
}

impl Application {
    /// Whose turn it is at `now`. Others may have something they can do as well: an approver may suspend what is live.
    pub fn turn(&self, now: UnixMillis) -> Turn {
        let at_province = |role| Turn::Operator(role, Level::Province);
        let second = self.pending(now).is_some();
        match &self.state {
            State::Draft { .. } | State::Returned { .. } => Turn::Applicant,
            State::InReview(review) if second => Turn::Operator(Role::Reviewer, review.desk.level),
            State::InReview(review) if review.desk.level == Level::Province => at_province(Role::Approver),
            State::InReview(review) => Turn::Operator(Role::Clerk, review.desk.level),
            State::Trial(trial) => match trial.report.as_ref().map(|report| report.origin) {
                None => Turn::Applicant,
                Some(Origin::Own) => at_province(Role::Clerk),
                Some(Origin::RunHere | Origin::Witnessed(_)) => at_province(Role::Approver),
            },
            State::Accepted { .. } => at_province(Role::KeyKeeper),
            State::Live(_) | State::Suspended { .. } if second => at_province(Role::Reviewer),
            State::Live(live) if live.key.taken.or(live.key.used).is_none() => Turn::Applicant,
            State::Suspended { .. } => at_province(Role::Approver),
            State::Live(_)
            | State::Refused { .. }
            | State::Withdrawn { .. }
            | State::Done { .. }
            | State::Closed { .. } => Turn::Nobody,
        }
    }
}
