//! What every request needs: one value, made at start and shared by all faces.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use yanmi_protocol::Region;
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_verification::Policy;

use crate::calls::Calls;
use crate::config::Retention;
use crate::console::Console;
use crate::delivery::deliver::Deliverer;
use crate::ledger::Ledger;
use crate::limits::{Decodes, RecordedLinks, SourceLimiter};
use crate::national::NationalCenter;
use crate::page_link::PageOrigin;
use crate::ports::Clock;
use crate::registry::Registry;
use crate::sealing::Sealer;
use crate::share::{Places, Share};
use crate::stopping::Stopping;
use crate::store::Store;
use crate::telemetry::Telemetry;
use crate::unknown::Unknown;
use yanmi_http::{Bodies, NOBODY, Peer, Room};

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
    /// Envelopes and links that do not open. One that opens is always served: many institutions may share one address, and
    /// behind a load balancer all of them do, so turning a whole address away would let one wrong key stop a province. Over
    /// the limit the sender of bad ones merely learns nothing more than that.
    pub(crate) openings: SourceLimiter,
    pub(crate) decodes: Decodes,
    /// Room for request bodies that are not opened yet.
    pub(crate) bodies: Bodies,
    /// Where the insured person's page is, if there is one.
    pub(crate) place: Option<PageOrigin>,
    /// How many links that are not served are recorded.
    pub(crate) recorded: RecordedLinks,
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
    /// When the process is told to stop, held queries answer.
    pub(crate) stopping: Stopping,
    /// What the operators' pages work with.
    pub(crate) console: Console,
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
    /// What time callers have.
    pub(crate) callers: Clock,
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
