//! How often an account or a channel may call.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::{Quota, RateLimiter};

use crate::ports::{DirectLimiter, Monotonic};

/// How often one account may call.
#[derive(Debug)]
pub(crate) struct Limiter {
    quota: Quota,
    limiter: DirectLimiter,
}

impl Limiter {
    pub(crate) fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(rate).allow_burst(burst);
        Self { quota, limiter: RateLimiter::direct_with_clock(quota, Monotonic::default()) }
    }

    /// Counts one request; the time to wait when it is one too many.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        self.limiter.check().map_err(|until| self.limiter.clock().until(&until))
    }

    /// The one before, if it has the same quota, so that a new snapshot gives no new burst.
    pub(super) fn keep(rate: NonZeroU32, burst: NonZeroU32, before: Option<&Arc<Self>>) -> Arc<Self> {
        let fresh = Self::new(rate, burst);
        match before {
            Some(before) if before.quota == fresh.quota => Arc::clone(before),
            _ => Arc::new(fresh),
        }
    }
}
