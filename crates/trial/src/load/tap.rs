//! From the tap to the counter: how long an institution that holds a status query waits for what a person did.
//!
//! Each connection plays one visit after the other: a notice; a status query that the center holds; and, while it is
//! held, a person who confirms. The clock runs from the first byte of the confirmation to the last byte of the answer
//! to the query. The person confirms with the channel's own password (way 03), which the center takes on the
//! channel's word: the other ways wait for the national center as well, and that is somewhere else.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use yanmi_protocol::envelope::{self, Answer};
use yanmi_protocol::message::auth_result::{self, Draft};
use yanmi_protocol::message::{notify, status};
use yanmi_protocol::{ChannelId, EcToken, NoticeNo, OrgCode, Sm4Key};
use yanmi_simulator::Clock;
use yanmi_simulator::bench::bench_token;

use super::course::{Course, MAX_CONNECTIONS, Until};
use super::messages::Sender;
use super::report::Report;
use super::wire::{Connection, Seen};

/// How long the person takes, so that the query is held by then. One that is not yet would be answered at once.
const THINKING: Duration = Duration::from_millis(50);
/// How long the center may hold the query, in seconds.
const HOLD_SECONDS: u64 = 30;

/// The numbers of notices a channel took, by token, until somebody asks for them.
#[derive(Debug, Default)]
pub struct Noted(Mutex<HashMap<EcToken, NoticeNo>>);

impl Noted {
    /// Notes a notice.
    pub(super) fn note(&self, token: EcToken, number: NoticeNo) {
        self.lock().insert(token, number);
    }

    fn take(&self, token: &EcToken) -> Option<NoticeNo> {
        self.lock().remove(token)
    }

    /// Whoever panicked while holding the map left it whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<EcToken, NoticeNo>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to do, to whom, for how long.
#[derive(Clone)]
pub struct TapPlan {
    /// The center's institution face.
    pub institution: SocketAddr,
    /// The center's channel face.
    pub channel: SocketAddr,
    /// Whose notices and queries.
    pub sender: Sender,
    /// For which institution.
    pub org_code: OrgCode,
    /// The channel of the load generator's tokens and its key.
    pub app: (ChannelId, Sm4Key),
    /// Where that channel notes what it takes.
    pub noted: Arc<Noted>,
    /// How many visits at once; 1 to [`MAX_CONNECTIONS`].
    pub connections: usize,
    /// When to stop.
    pub until: Until,
    /// What stamps the envelopes.
    pub clock: Clock,
}

impl fmt::Debug for TapPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapPlan")
            .field("institution", &self.institution)
            .field("channel", &self.channel)
            .field("connections", &self.connections)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// Runs a plan on the current runtime. What is reported as a request is a tap.
///
/// # Errors
/// When the plan names no or too many connections, or they cannot be opened. Whatever goes wrong later is counted in
/// the report.
pub async fn tap(plan: TapPlan) -> io::Result<Report> {
    if !(1..=MAX_CONNECTIONS).contains(&plan.connections) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let course = Arc::new(Course::new(plan.until)?);
    let plan = Arc::new(plan);
    let mut visits = JoinSet::new();
    for _ in 0..plan.connections {
        let counter = Connection::open(plan.institution).await?;
        let phone = Connection::open(plan.channel).await?;
        visits.spawn(visit(Arc::clone(&course), Arc::clone(&plan), counter, phone));
    }
    let finished = async { while visits.join_next().await.is_some() {} };
    if tokio::time::timeout(course.longest(), finished).await.is_err() {
        let left = u64::try_from(visits.len()).unwrap_or(u64::MAX);
        visits.shutdown().await;
        course.tally().fail("io", left);
    }
    Ok(course.tally().report("tap", plan.connections))
}

/// One connection's visits, one after the other.
async fn visit(course: Arc<Course>, plan: Arc<TapPlan>, mut counter: Connection, mut phone: Connection) {
    while let Some(ticket) = course.next() {
        let tapped = plan.visit(ticket, &mut counter, &mut phone).await;
        let now = Instant::now();
        match tapped {
            Ok(Tapped { at, told, seen, bytes }) if course.counts(ticket, at, told) => {
                course.tally().add(at, told, &Ok(seen), bytes);
            }
            Ok(_) => {}
            Err(why) => {
                if course.counts(ticket, now, now) {
                    course.tally().fail(why, 1);
                }
                // What was still under way on them is of no use to the next visit.
                if counter.reopen().await.is_err() || phone.reopen().await.is_err() {
                    return;
                }
            }
        }
    }
}

struct Tapped {
    at: Instant,
    told: Instant,
    seen: Seen,
    bytes: usize,
}

impl TapPlan {
    /// One visit; the error is a word for the report.
    async fn visit(
        &self,
        ticket: u64,
        counter: &mut Connection,
        phone: &mut Connection,
    ) -> Result<Tapped, &'static str> {
        let token = bench_token(ticket);
        let (token_text, org_code) = (token.as_str(), self.org_code.as_str());
        let notice = notify::Draft { token: token_text, org_code, org_name: "医院", amount: None };
        let asked = self.institutions_post(notify::PATH, &notice.to_json());
        let seen = counter.exchange(&asked).await.map_err(|_| "notice io")?;
        if (seen.status, seen.code) != (200, Some(0)) {
            return Err("notice refused");
        }
        let number = self.noted.take(&token).ok_or("notice lost")?.to_string();
        let query = status::Draft {
            token: token_text,
            org_code,
            extended: Some("1"),
            wait_seconds: Some(HOLD_SECONDS),
        };
        let query = self.institutions_post(status::PATH, &query.to_json());
        let held = async {
            let seen = counter.exchange(&query).await;
            (Instant::now(), seen)
        };
        let tapping = async {
            tokio::time::sleep(THINKING).await;
            let report = self.report(&number);
            let at = Instant::now();
            (at, phone.exchange(&report).await)
        };
        let ((told, answered), (at, accepted)) = tokio::join!(held, tapping);
        let seen = answered.map_err(|_| "query io")?;
        let accepted = accepted.map_err(|_| "tap io")?;
        if (accepted.status, accepted.code) != (200, Some(0)) {
            return Err("tap refused");
        }
        if !self.says_confirmed(counter.body()) {
            return Err("not confirmed");
        }
        if told < at {
            return Err("told too early");
        }
        Ok(Tapped { at, told, seen, bytes: query.len() })
    }

    fn institutions_post(&self, path: &str, message: &str) -> Vec<u8> {
        let (key, id) = (&self.sender.key, self.sender.org_id);
        let now = (self.clock)();
        let body = envelope::request(key, id.as_str(), "load", self.sender.region, now, message.as_bytes());
        post(self.institution, path, &body)
    }

    fn report(&self, number: &str) -> Vec<u8> {
        let now = (self.clock)();
        let message = Draft {
            notc_no: number,
            auth_way: Some("03"),
            auth_stas: "1",
            auth_time: now.to_string(),
            user_pwd: None,
            auth_no: None,
            cfm_name: None,
        };
        let (id, key) = &self.app;
        let message = message.to_json();
        let body = envelope::request(key, id.as_str(), "load", self.sender.region, now, message.as_bytes());
        post(self.channel, auth_result::PATH, &body)
    }

    fn says_confirmed(&self, body: &[u8]) -> bool {
        let opened = Answer::parse(body).ok().and_then(|answer| answer.open(&self.sender.key).ok());
        let members = opened.as_ref().and_then(|opened| opened.members().ok());
        members.and_then(|members| status::Answer::read(&members).ok()).is_some_and(|told| told.confirmed)
    }
}

fn post(addr: SocketAddr, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: {addr}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}
