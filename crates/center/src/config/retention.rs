//! How long what is stored is kept.

use std::time::Duration;

/// A day.
const DAY: Duration = Duration::from_hours(24);

/// How long what is stored is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retention {
    /// Days that tokens, verifications and what hangs on them are kept after they have ended.
    pub state_days: u32,
    /// Days that events of the audit are kept.
    pub audit_days: u32,
    /// Days that refusals are kept.
    pub calls_days: u32,
}

impl Retention {
    /// How long tokens, verifications and what hangs on them are kept after they have ended.
    pub fn state(&self) -> Duration {
        DAY * self.state_days
    }

    /// How long events of the audit are kept.
    pub fn audit(&self) -> Duration {
        DAY * self.audit_days
    }

    /// How long refusals are kept.
    pub fn calls(&self) -> Duration {
        DAY * self.calls_days
    }
}
