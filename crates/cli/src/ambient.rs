//! Time and chance of the real world. Here, in the composition root, and nowhere else, they are fetched.

use yanmi_center::ports::{Clock, Entropy, Ports};
use yanmi_center::registry::Actor;
use zeroize::Zeroizing;

use crate::host;

/// The system's clock.
pub(crate) fn clock() -> Clock {
    Clock::system()
}

/// The system's source of unpredictable bytes.
pub(crate) fn entropy() -> Entropy {
    Entropy::new(fill)
}

/// The doors of a center that runs on this machine.
pub(crate) fn ports() -> Ports {
    Ports::system(clock(), entropy())
}

/// Who is at the command line.
pub(crate) fn actor() -> Actor {
    Actor::host(&host::user())
}

/// The database's password, if the environment has one.
pub(crate) fn database_password() -> Option<Zeroizing<String>> {
    std::env::var("YANMI_DATABASE_PASSWORD").ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}

/// Fills the slice with unpredictable bytes.
#[expect(clippy::disallowed_methods, reason = "the composition root is where chance comes from")]
#[expect(clippy::expect_used, reason = "without chance there are no keys; going on would be worse")]
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has no random numbers");
}
