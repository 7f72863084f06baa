//! The load generator: a closed loop of connections, each asking again as soon as it was answered.
//!
//! It has to outrun what it measures. An axum server that only echoes answers about 150,000 requests a second
//! on one core, so the generator, on the other core, has less than 7 µs for each: it therefore speaks its own
//! minimal HTTP/1.1, reuses its buffers, and reads of an answer only the status, the length and the return code.
//! It still seals every request freshly, as an institution does.
//!
//! Latency is measured from the first byte written to the last byte read and kept in an HDR histogram. Being a
//! closed loop, it does not show what would have queued in front of a stalled server; the share of requests a
//! stall delays is bounded by the number of connections.

mod course;
mod messages;
mod report;
mod run;
mod servers;
mod streams;
mod tap;
mod wire;

pub use course::{GRACE, LONGEST_COUNTED_RUN, MAX_CONNECTIONS, Until};
pub use messages::{BODY_BYTES, Requests, Sender, Targets, Tokens, What};
pub use report::Report;
pub use run::{LoadPlan, run};
pub use servers::{channel_router, echo_router, noting_channel_router};
pub use streams::Streams;
pub use tap::{Noted, TapPlan, tap};
/// The tokens that are asked about: the simulated national center knows every one of them.
pub use yanmi_simulator::bench::{bench_token, spread};
