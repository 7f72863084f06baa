//! What every request needs: one value, made at start and shared by all faces.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, watch};
use yanmi_protocol::Region;
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_verification::Policy;

use crate::calls::Calls;
use crate::clock::Clock;
use crate::config::Retention;
use crate::delivery::deliver::Deliverer;
use crate::http::{Bodies, Peer, Room, source_of};
use crate::institution::decodes::Decodes;
use crate::ledger::Ledger;
use crate::national::NationalCenter;
use crate::page_link::PageOrigin;
use crate::registry::Registry;
use crate::sealing::Sealer;
use crate::share::{Places, Share};
use crate::store::Store;
use crate::telemetry::Telemetry;
use crate::unknown::Unknown;

/// Source addresses whose failed openings are counted apart; all others share one count.
pub(crate) const MAX_SOURCES: usize = 100_000;

/// Stands for all others.
pub(crate) const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The center as its faces see it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) region: Region,
    pub(crate) clock: Clock,
    pub(crate) policy: Policy,
    pub(crate) registry: Registry,
    pub(crate) ledger: Ledger,
    pub(crate) store: Store,
    pub(crate) national: NationalCenter,
    pub(crate) deliverer: Deliverer,
    pub(crate) sealer: Sealer,
    pub(crate) telemetry: Telemetry,
    /// What was refused, on its way to being written down.
    pub(crate) calls: Calls,
    pub(crate) openings: Openings,
    pub(crate) decodes: Decodes,
    /// Room for request bodies that are not opened yet.
    pub(crate) bodies: Bodies,
    /// Where the insured person's page is, if there is one.
    pub(crate) place: Option<PageOrigin>,
    /// How many links that are not served are recorded.
    pub(crate) recorded: Recorded,
    /// Places for status queries that are held.
    pub(crate) held: Arc<Places>,
    /// What all persons on the center's pages have together of what is shared.
    pub(crate) persons: Arc<Share>,
    /// The same of all whose requests prove nothing: decoding, links that are none.
    pub(crate) strangers: Arc<Share>,
    /// Tokens the national center has just said it does not know.
    pub(crate) unknown: Unknown,
    /// Places for persons' pages that ask whether what they show still holds.
    pub(crate) watched: Semaphore,
    /// Becomes true when the process is told to stop; held queries then answer.
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) settings: SiteSettings,
}

impl Site {
    /// Room for a request's body.
    pub(crate) fn room(&self, peer: Option<&Peer>) -> Room {
        self.bodies.room(peer.map_or(NOBODY, Peer::ip))
    }
}

/// The settings requests look at.
#[derive(Clone, Debug)]
pub(crate) struct SiteSettings {
    /// How far a sender's clock may be off.
    pub(crate) timestamp_window: Duration,
    /// How long an institution's whole notice call may take.
    pub(crate) call: Duration,
    /// How long a body may take to arrive.
    pub(crate) body: Duration,
    /// Whether the insured person is shown the registered name of the institution, not the one it sends.
    pub(crate) show_registered_name: bool,
    /// Whether decode is served.
    pub(crate) decode: bool,
    /// What for.
    pub(crate) business_types: Vec<BusinessType>,
    /// Whose passwords are checked for institutions.
    pub(crate) certificate_types: Vec<IdType>,
    /// How long what is stored is kept.
    pub(crate) retention: Retention,
}

/// Counts envelopes that do not open, by source address.
///
/// An envelope that opens is always served: many institutions may share one address, and behind a load balancer
/// all of them do, so turning a whole address away would let one wrong key stop a province. Over the limit the
/// sender of bad envelopes merely learns nothing more than that.
#[derive(Debug)]
pub(crate) struct Openings(DefaultKeyedRateLimiter<IpAddr>);

impl Openings {
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(per_minute)))
    }

    /// Counts one that failed; the time to wait when there were too many.
    pub(crate) fn failed(&self, source: IpAddr) -> Result<(), Duration> {
        let source = if self.0.len() < MAX_SOURCES { source_of(source) } else { NOBODY };
        self.0.check_key(&source).map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    /// Forgets sources that have been quiet.
    pub(crate) fn sweep(&self) {
        self.0.retain_recent();
    }
}

/// Refused links that are recorded in a minute, whatever their source, so that guessing does not fill the audit. The
/// metrics count all of them.
const RECORDED_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Counts what is recorded of links that are not served.
#[derive(Debug)]
pub(crate) struct Recorded(DefaultDirectRateLimiter);

impl Default for Recorded {
    fn default() -> Self {
        Self(RateLimiter::direct(Quota::per_minute(RECORDED_PER_MINUTE)))
    }
}

impl Recorded {
    /// Whether there is room for one more.
    pub(crate) fn take(&self) -> bool {
        self.0.check().is_ok()
    }
}
