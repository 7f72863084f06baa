//! The closed loop: each connection asks again as soon as it was answered.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use yanmi_simulator::Clock;

use super::course::{Course, MAX_CONNECTIONS, Until};
use super::messages::{What, Writer};
use super::report::Report;
use super::wire::Connection;

/// Pause before a lost connection is opened again when the first attempt failed.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);

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
