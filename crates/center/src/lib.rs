//! What runs: the provincial center as a library.

pub mod channel;
pub mod clock;
pub mod config;
pub mod http;
pub mod national;
pub mod outbound;
