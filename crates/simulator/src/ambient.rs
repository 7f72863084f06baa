//! What comes in from outside: time and chance.

use std::sync::Arc;

use yanmi_protocol::UnixMillis;

/// What time it is, wherever the simulated parties have to know.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Where chance comes from: fills the slice with random bytes.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;
