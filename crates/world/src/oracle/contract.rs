//! Numbers of the contract that more than one rule needs.

use std::time::Duration;

/// V8: notices of a verification.
pub(super) const OF_A_VERIFICATION: usize = 10;
/// V8: notices to a person within an hour.
pub(super) const OF_AN_HOUR: usize = 20;
/// V13: how long an institution is quiet after "not me".
pub(super) const QUIET: Duration = Duration::from_mins(15);
