//! Time and chance of the real world. Here, in the composition root, and nowhere else, they are fetched.

use yanmi_center::clock::Clock;
use yanmi_center::entropy::Entropy;

/// The system's clock.
pub(crate) fn clock() -> Clock {
    Clock::system()
}

/// The system's source of unpredictable bytes.
pub(crate) fn entropy() -> Entropy {
    Entropy::new(fill)
}

/// Fills the slice with unpredictable bytes.
#[expect(clippy::disallowed_methods, reason = "the composition root is where chance comes from")]
#[expect(clippy::expect_used, reason = "without chance there are no keys; going on would be worse")]
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has no random numbers");
}
