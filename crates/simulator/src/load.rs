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

mod messages;
mod servers;
mod streams;
mod tap;
mod tokens;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

pub use messages::{BODY_BYTES, Requests, Sender, Targets, Tokens, What};
pub use servers::{channel_router, echo_router, noting_channel_router};
pub use streams::Streams;
pub use tap::{Noted, TapPlan, tap};
pub use tokens::{bench_token, is_bench_token, spread};

use crate::Clock;
use messages::Writer;
use wire::{Connection, Seen};

/// Connections one run may have.
pub const MAX_CONNECTIONS: usize = 4_096;
/// How long the last answers may take after the end of a run; what is still open then counts as `io`.
pub const GRACE: Duration = Duration::from_secs(10);
/// The longest a run bounded by requests may take.
pub const LONGEST_COUNTED_RUN: Duration = Duration::from_mins(10);
/// Pause before a lost connection is opened again when the first attempt failed.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);
/// The largest latency the histogram tells apart, in microseconds: one minute.
const MAX_MICROS: u64 = 60_000_000;
/// Significant decimal digits of a latency.
const DIGITS: u8 = 3;

/// When a run ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// After a warm-up, which is not counted, and a time that is.
    Time {
        /// Not counted.
        warm_up: Duration,
        /// Counted.
        measured: Duration,
    },
    /// After a number of requests that are not counted and a number that are.
    Requests {
        /// Not counted.
        warm_up: u64,
        /// Counted.
        measured: u64,
    },
}

/// What to do, to whom, for how long.
#[derive(Clone)]
pub struct LoadPlan {
    /// The servers, by turns a connection to each.
    pub addrs: Vec<SocketAddr>,
    /// What to ask.
    pub what: What,
    /// How many ask at once; 1 to [`MAX_CONNECTIONS`].
    pub connections: usize,
    /// When to stop.
    pub until: Until,
    /// What stamps the envelopes.
    pub clock: Clock,
}

impl fmt::Debug for LoadPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadPlan")
            .field("addrs", &self.addrs)
            .field("what", &self.what)
            .field("connections", &self.connections)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// What was measured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `echo`, `status`, `notify`, `tap` or `gate`.
    pub what: String,
    /// How many asked at once.
    pub connections: usize,
    /// From the first counted request to the last counted answer.
    pub seconds: f64,
    /// Counted requests, failed ones included.
    pub requests: u64,
    /// Of these, the failed ones: by return code (`500084`), HTTP status (`http 503`), or `io` for a connection
    /// that broke or an answer that is none.
    pub errors: BTreeMap<String, u64>,
    /// Requests that did not fail, a second.
    pub requests_per_second: f64,
    /// Median latency of requests that did not fail, in microseconds.
    pub p50_micros: u64,
    /// 90th percentile, in microseconds.
    pub p90_micros: u64,
    /// 99th percentile, in microseconds.
    pub p99_micros: u64,
    /// 99.9th percentile, in microseconds.
    pub p999_micros: u64,
    /// The longest, in microseconds.
    pub max_micros: u64,
    /// Bytes of the last counted request's body.
    pub request_bytes: usize,
    /// Bytes of the last counted answer's body.
    pub answer_bytes: usize,
}

/// Runs a plan on the current runtime, which may have a single thread.
///
/// # Errors
/// When the plan names no server, no or too many connections, or the first connections cannot be opened. Whatever goes
/// wrong later is counted in the report.
pub async fn run(plan: LoadPlan) -> io::Result<Report> {
    if !(1..=MAX_CONNECTIONS).contains(&plan.connections) {
        let text = format!("连接数应在 1 至 {MAX_CONNECTIONS} 之间");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let mut open = Vec::with_capacity(plan.connections);
    for &addr in plan.addrs.iter().cycle().take(plan.connections) {
        open.push((Connection::open(addr).await?, addr));
    }
    if open.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "没有可压测的地址"));
    }
    let course = Arc::new(Course::new(plan.until)?);
    let mut workers = JoinSet::new();
    for (connection, addr) in open {
        let writer = Writer::new(addr, &plan.what, Arc::clone(&plan.clock));
        workers.spawn(work(Arc::clone(&course), connection, writer));
    }
    let finished = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(course.longest(), finished).await.is_err() {
        let left = u64::try_from(workers.len()).unwrap_or(u64::MAX);
        workers.shutdown().await;
        course.tally().fail("io", left);
    }
    let tally = course.tally();
    Ok(tally.report(plan.what.name(), plan.connections))
}

/// One connection's loop.
async fn work(course: Arc<Course>, mut connection: Connection, mut writer: Writer) {
    while let Some(ticket) = course.next() {
        let bytes = writer.write(ticket);
        let started = Instant::now();
        let seen = connection.exchange(bytes).await;
        let ended = Instant::now();
        let broken = seen.is_err() || connection.is_spent();
        if course.counts(ticket, started, ended) {
            course.tally().add(started, ended, &seen, writer.body_bytes());
        }
        if broken {
            while connection.reopen().await.is_err() {
                tokio::time::sleep(RECONNECT_PAUSE).await;
                // Each attempt uses up a ticket, so that a run against a dead server ends.
                let Some(ticket) = course.next() else { return };
                let now = Instant::now();
                if course.counts(ticket, now, now) {
                    course.tally().fail("io", 1);
                }
            }
        }
    }
}

/// What all connections of a run share.
struct Course {
    next: AtomicU64,
    until: Until,
    counted_from: Instant,
    ends: Instant,
    tally: Mutex<Tally>,
}

impl Course {
    fn new(until: Until) -> io::Result<Self> {
        let now = Instant::now();
        let (warm_up, whole) = match until {
            Until::Time { warm_up, measured } => (warm_up, warm_up.saturating_add(measured)),
            Until::Requests { .. } => (Duration::ZERO, LONGEST_COUNTED_RUN),
        };
        let at = |span| now.checked_add(span).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput));
        Ok(Self {
            next: AtomicU64::new(0),
            until,
            counted_from: at(warm_up)?,
            ends: at(whole)?,
            tally: Mutex::new(Tally::new()?),
        })
    }

    /// The number of the next request; nothing when the run is over.
    fn next(&self) -> Option<u64> {
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        let more = match self.until {
            Until::Time { .. } => Instant::now() < self.ends,
            Until::Requests { warm_up, measured } => ticket < warm_up.saturating_add(measured),
        };
        more.then_some(ticket)
    }

    fn counts(&self, ticket: u64, started: Instant, ended: Instant) -> bool {
        match self.until {
            Until::Time { .. } => started >= self.counted_from && ended <= self.ends,
            Until::Requests { warm_up, .. } => ticket >= warm_up,
        }
    }

    fn longest(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now()).saturating_add(GRACE)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has been counted so far.
struct Tally {
    latencies: Histogram<u64>,
    requests: u64,
    errors: BTreeMap<String, u64>,
    first: Option<Instant>,
    last: Option<Instant>,
    request_bytes: usize,
    answer_bytes: usize,
}

impl Tally {
    fn new() -> io::Result<Self> {
        Ok(Self {
            latencies: Histogram::new_with_bounds(1, MAX_MICROS, DIGITS).map_err(io::Error::other)?,
            requests: 0,
            errors: BTreeMap::new(),
            first: None,
            last: None,
            request_bytes: 0,
            answer_bytes: 0,
        })
    }

    fn add(&mut self, started: Instant, ended: Instant, seen: &io::Result<Seen>, request_bytes: usize) {
        self.first = Some(self.first.map_or(started, |first| first.min(started)));
        self.last = Some(self.last.map_or(ended, |last| last.max(ended)));
        self.request_bytes = request_bytes;
        let Ok(seen) = seen else { return self.fail("io", 1) };
        self.answer_bytes = seen.body_bytes;
        match (seen.status, seen.code) {
            (200, None | Some(0)) => {
                self.requests += 1;
                let micros = u64::try_from(ended.duration_since(started).as_micros()).unwrap_or(MAX_MICROS);
                self.latencies.saturating_record(micros);
            }
            (200, Some(code)) => self.fail(&code.to_string(), 1),
            (status, _) => self.fail(&format!("http {status}"), 1),
        }
    }

    fn fail(&mut self, why: &str, count: u64) {
        if count > 0 {
            self.requests += count;
            *self.errors.entry(why.to_owned()).or_default() += count;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for people needs no 53 bits")]
    fn report(&self, what: &str, connections: usize) -> Report {
        let span = self.first.zip(self.last).map(|(first, last)| last.duration_since(first));
        let seconds = span.unwrap_or_default().as_secs_f64();
        let good = self.latencies.len() as f64;
        let at = |quantile| self.latencies.value_at_quantile(quantile);
        Report {
            what: what.to_owned(),
            connections,
            seconds,
            requests: self.requests,
            errors: self.errors.clone(),
            requests_per_second: if seconds > 0.0 { good / seconds } else { 0.0 },
            p50_micros: at(0.5),
            p90_micros: at(0.9),
            p99_micros: at(0.99),
            p999_micros: at(0.999),
            max_micros: self.latencies.max(),
            request_bytes: self.request_bytes,
            answer_bytes: self.answer_bytes,
        }
    }
}
