//! What goes wrong, and when it is felt.

use std::cell::Cell;
use std::time::Duration;

use crate::fault::Fault;
use crate::network::Line;

/// A fault and when it was in force.
#[derive(Clone, Debug)]
pub(crate) struct FaultSpan {
    pub(crate) fault: Fault,
    pub(crate) begin: Duration,
    pub(crate) end: Option<Duration>,
    /// Whether it will happen at a moment nobody knows yet, and, until it has, the first that was excused by it.
    pub(super) armed: bool,
    pub(super) excused: Cell<Option<Duration>>,
}

impl FaultSpan {
    pub(super) fn new(fault: Fault, begin: Duration, armed: bool) -> Self {
        Self { fault, begin, end: None, armed, excused: Cell::default() }
    }

    /// How long its end is felt by those who ask then. A center that starts knows nothing of what was before, and who was under
    /// way has begun to ask before; a changed registry is followed soon.
    pub(super) const fn felt(&self) -> Duration {
        match self.fault {
            Fault::Power(_) | Fault::Kill(_) | Fault::Stop(_) | Fault::Upgrade => RESTARTED,
            Fault::Rotate(_) | Fault::SwitchOff(_) => FOLLOWS,
            _ => FELT,
        }
    }
}

/// How soon a center follows a change of its registry.
pub(super) const FOLLOWS: Duration = Duration::from_secs(3);
/// How long after it listens again a center is still starting.
const RESTARTED: Duration = Duration::from_millis(500);
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
/// What keeps a center that runs from what stands in its store.
pub(super) const CANNOT_READ: fn(Fault) -> bool = |fault| matches!(fault, Fault::Server(_));
/// What keeps a center from the national center.
pub(super) const NATIONAL_TROUBLE: fn(Fault) -> bool =
    |fault| matches!(fault, Fault::National(_) | Fault::Line(Line::National, _)) || STORE_TROUBLE(fault);
