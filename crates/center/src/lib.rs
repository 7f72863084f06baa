//! What runs: the provincial center as a library.

pub mod channel;
pub mod clock;
pub mod national;
pub mod outbound;
