//! How many envelopes of one source may fail to open before it learns no more than that.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::{Quota, RateLimiter};

use yanmi_http::{MAX_SOURCES, NOBODY, source_of};

use crate::ports::{KeyedLimiter, Monotonic};

/// Counts envelopes that do not open, by source address.
///
/// An envelope that opens is always served: many institutions may share one address, and behind a load balancer
/// all of them do, so turning a whole address away would let one wrong key stop a province. Over the limit the
/// sender of bad envelopes merely learns nothing more than that.
#[derive(Debug)]
pub(crate) struct FailedOpenings(KeyedLimiter<IpAddr>);

impl FailedOpenings {
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        Self(RateLimiter::hashmap_with_clock(Quota::per_minute(per_minute), Monotonic::default()))
    }

    /// Counts one that failed; the time to wait when there were too many.
    pub(crate) fn failed(&self, source: IpAddr) -> Result<(), Duration> {
        let source = if self.0.len() < MAX_SOURCES { source_of(source) } else { NOBODY };
        self.0.check_key(&source).map_err(|until| self.0.clock().until(&until))
    }

    /// Forgets sources that have been quiet.
    pub(crate) fn sweep(&self) {
        self.0.retain_recent();
    }
}
