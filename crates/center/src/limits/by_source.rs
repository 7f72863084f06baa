//! How often one source may do something in a minute.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::{Quota, RateLimiter};

use yanmi_http::{MAX_SOURCES, NOBODY, source_of};

use crate::ports::{KeyedLimiter, Monotonic};

/// Counts what comes from each source address.
#[derive(Debug)]
pub(crate) struct SourceLimiter(KeyedLimiter<IpAddr>);

impl SourceLimiter {
    /// So many a minute of one source.
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        Self(RateLimiter::hashmap_with_clock(Quota::per_minute(per_minute), Monotonic::default()))
    }

    /// Counts one; the time to wait when there were too many.
    pub(crate) fn count(&self, source: IpAddr) -> Result<(), Duration> {
        let source = if self.0.len() < MAX_SOURCES { source_of(source) } else { NOBODY };
        self.0.check_key(&source).map_err(|until| self.0.clock().until(&until))
    }

    /// Forgets sources that have been quiet.
    pub(crate) fn sweep(&self) {
        self.0.retain_recent();
    }
}
