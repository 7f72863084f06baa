//! What comes in from outside: time and chance.

pub use yanmi_acceptance::{Clock, Entropy};
