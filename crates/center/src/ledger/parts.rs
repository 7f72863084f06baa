//! What the ledger is made of, and its bounds.

use yanmi_verification::Policy;

use crate::ports::Clock;
use crate::registry::Registry;
use crate::store::Store;
use crate::telemetry::Telemetry;

/// Bounds of the ledger, from the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LedgerLimits {
    /// Commands that may wait.
    pub(crate) queue: usize,
    /// Commands of one batch.
    pub(crate) batch: usize,
    /// Verifications in memory, where nobody else changes them.
    pub(crate) resident: usize,
    /// Ledgers side by side; 1 on an embedded database.
    pub(crate) ledgers: usize,
}

/// What the ledger is made of.
#[derive(Clone, Debug)]
pub(crate) struct LedgerParts {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) policy: Policy,
    pub(crate) clock: Clock,
    pub(crate) limits: LedgerLimits,
    pub(crate) telemetry: Telemetry,
}
