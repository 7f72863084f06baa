//! What a site may choose within bounds: lives and limits (V7, V8).

use std::time::Duration;

/// Which amounts a confirmation is about (V5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ConfirmedAmount {
    /// The one that was confirmed. Any other amount, higher, lower, newly absent or newly present, is another payment.
    #[default]
    Exact,
    /// A lower one as well.
    UpTo,
}

/// The lives and limits of one center. The defaults are those of the reading; the configuration bounds them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How long an unanswered notice can be confirmed.
    pub notice_life: Duration,
    /// How long a confirmation counts.
    pub confirmation_life: Duration,
    /// How long a token counts after it was decoded.
    pub token_life: Duration,
    /// The least time between two notices of one verification.
    pub notice_interval: Duration,
    /// Notices one verification may have.
    pub notices_per_verification: u32,
    /// Notices one person may get in an hour, over all institutions.
    pub notices_per_person_hour: u32,
    /// Wrong passwords in a row that lock the check.
    pub password_tries: u32,
    /// How long the check stays locked.
    pub password_lock: Duration,
    /// How long nobody is asked for an institution after saying "not me" there; zero: not at all.
    pub quiet: Duration,
    /// Which amounts a confirmation is about.
    pub confirmed_amount: ConfirmedAmount,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            notice_life: Duration::from_mins(5),
            confirmation_life: Duration::from_mins(30),
            token_life: Duration::from_hours(24),
            notice_interval: Duration::from_secs(3),
            notices_per_verification: 10,
            notices_per_person_hour: 20,
            password_tries: 5,
            password_lock: Duration::from_mins(15),
            quiet: Duration::from_mins(15),
            confirmed_amount: ConfirmedAmount::Exact,
        }
    }
}
