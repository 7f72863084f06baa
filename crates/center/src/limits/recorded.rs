//! How many links that are not served are recorded.

use std::num::NonZeroU32;

use governor::{Quota, RateLimiter};

use crate::ports::{DirectLimiter, Monotonic};

/// Refused links that are recorded in a minute, whatever their source, so that guessing does not fill the audit. The
/// metrics count all of them.
const RECORDED_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Counts what is recorded of links that are not served.
#[derive(Debug)]
pub(crate) struct RecordedLinks(DirectLimiter);

impl Default for RecordedLinks {
    fn default() -> Self {
        Self(RateLimiter::direct_with_clock(Quota::per_minute(RECORDED_PER_MINUTE), Monotonic::default()))
    }
}

impl RecordedLinks {
    /// Whether there is room for one more.
    pub(crate) fn take(&self) -> bool {
        self.0.check().is_ok()
    }
}
