//! What time does: it warns at a desk, and ends what is written here.

use std::time::Duration;

use yanmi_protocol::UnixMillis;

use crate::application::calendar::Calendar;
use crate::application::case::Application;
use crate::application::state::State;

const DAY: Duration = Duration::from_hours(24);
/// A draft nobody saves any more.
pub(super) const DRAFT: Duration = DAY.saturating_mul(30);
/// What came back and is not mended.
pub(super) const RETURNED: Duration = DAY.saturating_mul(30);
/// Joint debugging, and as long again once.
pub(super) const TRIAL: Duration = DAY.saturating_mul(90);
/// The age of a report that is looked at.
pub(super) const REPORT: Duration = DAY.saturating_mul(90);
/// How long a report is good for, after which the same version is tried anew.
const REPORT_GOOD: Duration = DAY.saturating_mul(365);
/// The longest condition.
pub(super) const CONDITION: Duration = DAY.saturating_mul(30);
/// What waits for a second person.
pub(super) const PROPOSAL: Duration = DAY.saturating_mul(3);
/// A stop by those on duty.
pub(super) const EMERGENCY: Duration = Duration::from_hours(4);
/// Somebody works on it.
pub(super) const CLAIM: Duration = Duration::from_mins(30);
/// Working days at a desk after which it is yellow.
const YELLOW: u32 = 3;
/// Working days at a desk after which it is red.
pub(super) const RED: u32 = 5;
/// Working days after which a level at which nobody works is passed over.
pub(super) const UNSTAFFED: u32 = 2;

/// How long something waits at a desk; shown there and to the level above. Nothing is decided by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Delay {
    /// Less than three working days.
    OnTime,
    /// Three working days.
    Yellow,
    /// Five working days, or more.
    Red,
}

impl Application {
    /// How long it has waited at its desk; nothing when it is at none.
    pub fn delay(&self, calendar: &Calendar, now: UnixMillis) -> Option<Delay> {
        let State::InReview(review) = &self.state else { return None };
        Some(match calendar.working_days(review.desk.since, now) {
            0..YELLOW => Delay::OnTime,
            YELLOW..RED => Delay::Yellow,
            _ => Delay::Red,
        })
    }

    /// When it should be on from its desk; nothing when it is at none.
    pub fn due(&self, calendar: &Calendar) -> Option<UnixMillis> {
        let State::InReview(review) = &self.state else { return None };
        Some(calendar.due(review.desk.since, RED))
    }

    /// The moment from which on [`crate::application::Command::Lapse`] is what comes next; nothing where time decides
    /// nothing.
    ///
    /// A draft and what came back end after thirty days, joint debugging after ninety; what was accepted on a condition is
    /// suspended when it is not met, and a stop with an end is over then.
    pub fn lapses_at(&self) -> Option<UnixMillis> {
        match &self.state {
            State::Draft { saved_at } => Some(saved_at.plus(DRAFT)),
            State::Returned { until, .. } => Some(*until),
            State::Trial(trial) => Some(trial.until),
            State::Live(live) => live.acceptance.until,
            State::Suspended { until, .. } => *until,
            _ => None,
        }
    }

    /// Until when the report is good of what may call, or may not for a while: twelve months. Nothing ends by itself then; it is
    /// shown beforehand, and a new report is asked for.
    pub fn report_good_until(&self) -> Option<UnixMillis> {
        let live = match &self.state {
            State::Live(live) => live,
            State::Suspended { was, .. } => was,
            _ => return None,
        };
        Some(live.acceptance.report.at.plus(REPORT_GOOD))
    }

    /// Whether its time is over at `now`.
    pub fn has_lapsed(&self, now: UnixMillis) -> bool {
        self.lapses_at().is_some_and(|at| at <= now)
    }
}
