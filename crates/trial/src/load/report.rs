//! What a run measured.

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::wire::Seen;

/// The largest latency the histogram tells apart, in microseconds: one minute.
const MAX_MICROS: u64 = 60_000_000;
/// Significant decimal digits of a latency.
const DIGITS: u8 = 3;

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

/// What has been counted so far.
pub(super) struct Tally {
    latencies: Histogram<u64>,
    requests: u64,
    errors: BTreeMap<String, u64>,
    first: Option<Instant>,
    last: Option<Instant>,
    request_bytes: usize,
    answer_bytes: usize,
}

impl Tally {
    pub(super) fn new() -> io::Result<Self> {
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

    pub(super) fn add(
        &mut self,
        started: Instant,
        ended: Instant,
        seen: &io::Result<Seen>,
        request_bytes: usize,
    ) {
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

    pub(super) fn fail(&mut self, why: &str, count: u64) {
        if count > 0 {
            self.requests += count;
            *self.errors.entry(why.to_owned()).or_default() += count;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for people needs no 53 bits")]
    pub(super) fn report(&self, what: &str, connections: usize) -> Report {
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
