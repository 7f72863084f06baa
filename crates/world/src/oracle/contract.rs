//! Numbers of the contract that more than one rule needs.

use std::time::Duration;

/// How far the readings of a clock at both ends of a call may be apart.
pub(super) const SLACK: Duration = Duration::from_secs(2);
/// How far a clock that is set back takes a center behind: what lasts by its clock lasts so much longer.
pub(super) const SET_BACK: Duration = Duration::from_mins(18);
/// V7: how long a notice can be answered.
pub(crate) const LIFE: Duration = Duration::from_mins(5);

/// V8: notices of a verification.
pub(super) const OF_A_VERIFICATION: usize = 10;
/// V8: notices to a person within an hour.
pub(super) const OF_AN_HOUR: usize = 20;
/// V13: how long an institution is quiet after "not me".
pub(super) const QUIET: Duration = Duration::from_mins(15);
