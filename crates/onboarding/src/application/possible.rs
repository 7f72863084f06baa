//! An application as it is stored, and what cannot be stored of one.

use crate::application::actor::Person;
use crate::application::case::{Application, way};
use crate::application::state::{Acceptance, Approval, Live, Passed, Proposed, ReportConclusion, State};
use crate::area::Level;

impl Application {
    /// The application as JSON, to be stored with its form beside it.
    pub fn to_json(&self) -> String {
        // Texts, numbers and lists can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Application::to_json`] wrote; nothing for anything else, for what a newer version wrote, and for an
    /// application no steps lead to: whoever writes a row by hand cannot have it live without what has to go before.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(Self::is_possible)
    }

    fn is_possible(&self) -> bool {
        self.place.level() == Level::County && self.state_is_possible() && self.proposal_is_possible()
    }

    fn state_is_possible(&self) -> bool {
        let trial = self.kind.needs_trial();
        match &self.state {
            State::Draft { .. }
            | State::Returned { .. }
            | State::Withdrawn { .. }
            | State::Refused { .. }
            | State::Closed { .. } => true,
            State::InReview(review) => {
                way(self.start).take_while(|level| *level != review.desk.level).eq(levels(&review.passed))
            }
            State::Trial(state) => trial && self.approval(&state.approval),
            State::Accepted { approval, acceptance } => {
                trial && self.approval(approval) && accepted(approval, acceptance)
            }
            State::Done { approval } => !trial && self.approval(approval),
            State::Live(live) => self.live(live),
            State::Suspended { was, .. } => self.live(was),
        }
    }

    /// Approved by two persons, with every level passed.
    fn approval(&self, approval: &Approval) -> bool {
        let below = way(self.start).take_while(|level| *level != Level::Province);
        approval.by.by != approval.second && below.eq(levels(&approval.passed))
    }

    fn live(&self, live: &Live) -> bool {
        let Live { approval, acceptance, key } = live;
        let deciders: [Person; 3] = [approval.by.by, approval.second, acceptance.by.by];
        self.kind.needs_trial()
            && self.approval(approval)
            && accepted(approval, acceptance)
            && !deciders.contains(&key.by)
    }

    fn proposal_is_possible(&self) -> bool {
        let Some(proposal) = &self.proposal else { return true };
        match (&proposal.what, &self.state) {
            (Proposed::Pass, State::InReview(review)) => review.desk.level != Level::Province,
            (Proposed::Refuse(_), State::InReview(review)) => review.desk.level == Level::Province,
            (Proposed::Approve(account), State::InReview(review)) => {
                review.desk.level == Level::Province && account.is_some() == self.kind.needs_trial()
            }
            (Proposed::Close(_), State::Live(_) | State::Suspended { .. }) => true,
            _ => false,
        }
    }
}

fn levels(passed: &[Passed]) -> impl Iterator<Item = Level> {
    passed.iter().map(Passed::level)
}

/// A report that is good, of what was approved; a condition only where there is something to be mended.
fn accepted(approval: &Approval, acceptance: &Acceptance) -> bool {
    let conditional = acceptance.report.conclusion == ReportConclusion::Conditional;
    acceptance.report.conclusion != ReportConclusion::Failed
        && acceptance.report.product == approval.product
        && acceptance.report.is_possible()
        && (conditional || acceptance.until.is_none())
}
