//! How often codes are decoded: by source address, and by institution from each source.
//!
//! Decoding is plain, and the institution in it is a claim. A limit for each institution, whoever asks, would let anybody
//! use up a hospital's; so one is kept for each pair of source and institution, and one for all a source asks, so that
//! nobody gets more by naming many institutions.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::{Quota, RateLimiter};
use yanmi_protocol::OrgCode;

use yanmi_http::{MAX_SOURCES, NOBODY};

use super::by_source::SourceLimiter;
use crate::ports::{KeyedLimiter, Monotonic};

/// The limiters of decoding.
#[derive(Debug)]
pub(crate) struct Decodes {
    sources: SourceLimiter,
    institutions: KeyedLimiter<(IpAddr, OrgCode)>,
}

impl Decodes {
    /// So many a minute of one source, and of one institution from one source.
    pub(crate) fn new(source: NonZeroU32, institution: NonZeroU32) -> Self {
        Self {
            sources: SourceLimiter::new(source),
            institutions: RateLimiter::hashmap_with_clock(
                Quota::per_minute(institution),
                Monotonic::default(),
            ),
        }
    }

    /// Counts a request; the time to wait when it is one too many.
    pub(crate) fn of_source(&self, source: IpAddr) -> Result<(), Duration> {
        self.sources.count(source)
    }

    /// Counts a request for a registered institution.
    pub(crate) fn of_institution(&self, source: IpAddr, code: OrgCode) -> Result<(), Duration> {
        let source = if self.institutions.len() < MAX_SOURCES { source } else { NOBODY };
        self.institutions.check_key(&(source, code)).map_err(|until| self.institutions.clock().until(&until))
    }

    /// Forgets who has been quiet.
    pub(crate) fn sweep(&self) {
        self.sources.sweep();
        self.institutions.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_uses_up_its_own_and_nobody_elses() {
        let number = |number| NonZeroU32::new(number).expect("not zero");
        let decodes = Decodes::new(number(4), number(2));
        let [here, there] = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        let [one, other] = ["H35010000001", "H35010000002"].map(|code| OrgCode::new(code).expect("a code"));
        let taken =
            |source, code| decodes.of_source(source).is_ok() && decodes.of_institution(source, code).is_ok();
        assert!(taken(here, one) && taken(here, one) && !taken(here, one), "two of an institution");
        assert!(taken(here, other) && !taken(here, other), "four of a source, refused ones among them");
        assert!(taken(there, one) && taken(there, one), "whoever names the same from elsewhere has its own");
        assert!(decodes.of_source(here).expect_err("too many") <= Duration::from_secs(15));
    }
}
