//! One call: seal, post, judge, and perhaps once more.
//!
//! What may be repeated depends on what was asked. A status query changes nothing. A notice repeated with the same
//! amount is the same notice (V3), but not within the center's pause. A password check counts a try, so it is
//! repeated only when it surely was not begun: no connection was made, the clock was refused, the rate was limited.
//! Each attempt goes to the next address and is sealed anew, with the time it then is.

use std::borrow::Cow;
use std::time::Duration;

use yanmi_protocol::Code;
use yanmi_protocol::envelope::{Answer, AnswerError, PlainText, Sender};

use crate::center::CenterClient;
use crate::drift::{self, Drift};
use crate::failure::{CallError, Failure, Report};
use crate::transport::{Limits, RawAnswer};

/// Before another attempt, so that two of them are not one hiccup.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// How long to wait after -6 without `Retry-After`.
const LIMITED_PAUSE: Duration = Duration::from_secs(1);

/// What a refusal says whose code is not known, and that says nothing.
const NO_REASON: &str = "中心拒绝了请求，未说明原因";

/// What was answered, and how the call went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply<T> {
    /// The answer.
    pub answer: T,
    /// How the call went.
    pub report: Report,
}

/// When the same request may be sent again although the last one may have arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Repeat {
    /// At once.
    Freely,
    /// Not before this long after the last.
    Spaced(Duration),
    /// Not at all.
    Never,
}

/// A request and what is known about it.
pub(crate) struct Plan<'a> {
    pub(crate) path: &'a str,
    /// The message, sealed unless [`Plan::plain`].
    pub(crate) message: &'a str,
    pub(crate) plain: bool,
    pub(crate) repeat: Repeat,
    /// How long the center was asked to hold it.
    pub(crate) held: Duration,
}

/// One call under way.
struct Run<'a> {
    client: &'a CenterClient,
    plan: &'a Plan<'a>,
    started: Duration,
    deadline: Duration,
    queue: Vec<usize>,
    report: Report,
    clock_corrected: bool,
}

impl CenterClient {
    /// Makes a call; `read` judges what came back, after the protocol was.
    pub(crate) fn run<T>(
        &self,
        plan: &Plan<'_>,
        read: impl Fn(&RawAnswer) -> Result<T, Failure>,
    ) -> Result<Reply<T>, CallError> {
        let started = self.ambient.elapsed();
        let run = Run {
            client: self,
            plan,
            started,
            deadline: started + self.settings.call_timeout + plan.held,
            queue: self.addresses.queue(started),
            report: Report::default(),
            clock_corrected: false,
        };
        run.go(read)
    }

    /// Protocol, then business: the plain text of a sealed success.
    pub(crate) fn open(&self, received: &RawAnswer) -> Result<PlainText, Failure> {
        let answer = judge(received)?;
        answer.open(&self.account.key).map_err(|why| match why {
            AnswerError::Refused { code, message } => Failure::Refused { code, message },
            why => Failure::Sealed(why),
        })
    }
}

/// The answer's outside. A refusal counts whatever the HTTP status is, a success only with 200.
pub(crate) fn judge(received: &RawAnswer) -> Result<Answer, Failure> {
    let status = received.status;
    let answer = Answer::parse(&received.body)
        .map_err(|why| Failure::NotAnAnswer { status, why: Some(why).filter(|_| status == 200) })?;
    if answer.code != 0 {
        return Err(Failure::Refused { code: answer.code, message: words(answer.code, answer.message) });
    }
    if status != 200 {
        return Err(Failure::NotAnAnswer { status, why: None });
    }
    Ok(answer)
}

/// What is told of a refusal. A center of another version, or what answers in its place, may say nothing at all; a clerk is not
/// shown a bare number.
fn words(code: i64, message: String) -> String {
    if !message.trim().is_empty() {
        return message;
    }
    Code::from_number(code).map_or(NO_REASON, Code::message).to_owned()
}

impl Run<'_> {
    fn go<T>(mut self, read: impl Fn(&RawAnswer) -> Result<T, Failure>) -> Result<Reply<T>, CallError> {
        loop {
            let sent_at = self.client.ambient.elapsed();
            let (at, result, mac) = self.attempt(sent_at);
            let retry_after = result.as_ref().ok().and_then(|received| received.retry_after);
            let date = result.as_ref().ok().and_then(|received| received.server_time);
            let mut trusted = mac.is_none();
            self.report.proven = false;
            let judged = result.and_then(|received| {
                if let Some(mac) = &mac {
                    let client = self.client;
                    self.report.proven = client.proofs.check(&received.body, &client.account.key, mac)?;
                    trusted = self.report.proven || !client.proofs.are_wanted();
                }
                read(&received)
            });
            self.note_address(at, judged.as_ref().err());
            let failure = match judged {
                Ok(answer) => {
                    self.note_clock(date);
                    return Ok(Reply { answer, report: self.finished() });
                }
                Err(failure) => failure,
            };
            // Every other refusal is an answer like a success: it says what time it is, and corrects nothing.
            if failure.code().is_some_and(|code| code != Code::BadParameter) {
                self.note_clock(date);
            }
            // Whoever could forge a refusal about the clock could have ours set to any time.
            let corrected = trusted && self.learn_clock(&failure, date);
            match self.again(&failure, corrected, retry_after, sent_at) {
                Some(pause) if self.fits(pause) => self.client.ambient.pause(pause),
                _ => return Err(CallError { failure, report: self.finished() }),
            }
        }
    }

    /// Seals and posts to the next address.
    fn attempt(&mut self, now: Duration) -> (usize, Result<RawAnswer, Failure>, Option<String>) {
        let client = self.client;
        let turn = usize::try_from(self.report.attempts).unwrap_or(0) % self.queue.len().max(1);
        let at = self.queue.get(turn).copied().unwrap_or(0);
        self.report.attempts += 1;
        self.report.address = at;
        let whole = (client.settings.attempt_timeout + self.plan.held).min(self.deadline.saturating_sub(now));
        let limits = Limits {
            connect: client.settings.connect_timeout.min(whole),
            whole,
            fresh: self.plan.repeat == Repeat::Never,
        };
        let url = format!("{}{}", client.addresses.url(at), self.plan.path);
        let (body, mac) = self.body();
        let received = client.transport.post(&url, &body, limits);
        (at, received.map_err(Failure::from), mac)
    }

    /// What is posted, and its mac where it has one.
    fn body(&self) -> (Cow<'_, str>, Option<String>) {
        let Plan { path, message, plain, .. } = *self.plan;
        if plain {
            return (Cow::Borrowed(message), None);
        }
        let (client, stamp) = (self.client, self.client.center_now());
        let account = &client.account;
        let sender = Sender {
            key: &account.key,
            org_id: account.org_id.as_str(),
            prefix: &account.prefix,
            region: account.region,
        };
        let (body, mac) = sender.request_to(path, stamp, message.as_bytes(), client.proofs.are_sent());
        (Cow::Owned(body), mac)
    }

    fn note_address(&self, at: usize, failure: Option<&Failure>) {
        if failure.is_some_and(Failure::is_of_the_address) {
            self.client.addresses.failed(at, self.client.ambient.elapsed());
        } else {
            self.client.addresses.answered(at);
        }
    }

    /// A refusal because of the clock says what time it is; whether the next attempt will be stamped right.
    fn learn_clock(&mut self, failure: &Failure, date: Option<yanmi_protocol::UnixMillis>) -> bool {
        let Failure::Refused { code, message } = failure else { return false };
        if *code != i64::from(Code::BadParameter.number()) {
            return false;
        }
        let Some(told) = drift::told(message, date) else { return false };
        let drift = Drift::between(told, self.client.ambient.now());
        let compensated = self.client.settings.compensate_clock && drift.is_worth_telling();
        let drift = Drift { compensated, ..drift };
        self.client.clockwork.learn(Some(drift).filter(|drift| drift.is_worth_telling()));
        let again = compensated && !self.clock_corrected && !self.plan.plain;
        self.clock_corrected = true;
        again
    }

    /// An answer whose header `Date` is far from our clock warns before the center begins to refuse; it corrects
    /// nothing, for nobody vouches for a header.
    fn note_clock(&self, date: Option<yanmi_protocol::UnixMillis>) {
        let clockwork = &self.client.clockwork;
        let Some(date) = date else { return };
        let seen = Drift::between(date, self.client.ambient.now());
        match (clockwork.drift(), seen.is_worth_telling()) {
            // Somebody has set the clock: back to it.
            (Some(_), false) => clockwork.learn(None),
            (None, true) => clockwork.learn(Some(seen)),
            (Some(known), true) if !known.compensated => clockwork.learn(Some(seen)),
            _ => {}
        }
    }

    /// How long to wait before another attempt; nothing when there should be none.
    fn again(
        &self,
        failure: &Failure,
        corrected: bool,
        retry_after: Option<Duration>,
        sent_at: Duration,
    ) -> Option<Duration> {
        if corrected {
            return Some(Duration::ZERO);
        }
        if self.report.attempts >= self.client.settings.attempts {
            return None;
        }
        let code = failure.code();
        if code == Some(Code::RateLimited) {
            return Some(retry_after.unwrap_or(LIMITED_PAUSE).max(RETRY_PAUSE));
        }
        if failure.surely_not_begun() {
            return Some(RETRY_PAUSE);
        }
        // A center that is out of order (-1) may have neighbors that are not.
        if !failure.is_of_the_address() && code != Some(Code::Unknown) {
            return None;
        }
        match self.plan.repeat {
            Repeat::Freely => Some(RETRY_PAUSE),
            Repeat::Spaced(span) => {
                let since = self.client.ambient.elapsed().saturating_sub(sent_at);
                Some(span.saturating_sub(since).max(RETRY_PAUSE))
            }
            Repeat::Never => None,
        }
    }

    /// Whether something can still come of an attempt after this pause.
    fn fits(&self, pause: Duration) -> bool {
        self.client.ambient.elapsed() + pause + self.client.settings.connect_timeout <= self.deadline
    }

    fn finished(&self) -> Report {
        let took = self.client.ambient.elapsed().saturating_sub(self.started);
        Report { took, drift: self.client.clockwork.drift(), ..self.report.clone() }
    }
}
