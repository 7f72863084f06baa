//! What goes wrong, and when it is felt.

use std::time::Duration;

use crate::fault::Fault;
use crate::network::Line;

/// A fault and when it was in force.
#[derive(Clone, Debug)]
pub(crate) struct FaultSpan {
    pub(crate) fault: Fault,
    pub(crate) begin: Duration,
    pub(crate) end: Option<Duration>,
}

/// How long a fault is felt after it ended: what was under way, a pool's dead connections, a breaker that is open.
pub(super) const FELT: Duration = Duration::from_secs(45);
/// What keeps a center from its store, or from running.
pub(super) const STORE_TROUBLE: fn(Fault) -> bool = |fault| {
    matches!(
        fault,
        Fault::Full(_)
            | Fault::Power(_)
            | Fault::Kill(_)
            | Fault::Stop(_)
            | Fault::Upgrade
            | Fault::Server(_)
    )
};
/// What keeps a center from the national center.
pub(super) const NATIONAL_TROUBLE: fn(Fault) -> bool =
    |fault| matches!(fault, Fault::National(_) | Fault::Line(Line::National, _)) || STORE_TROUBLE(fault);
