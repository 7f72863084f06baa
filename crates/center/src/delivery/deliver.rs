//! Taking a notice to its channel, within the time an institution waits for it.
//!
//! The verification is stored before this begins (V1), so nothing here decides anything but whether the
//! institution is told "notified" or why not. A delivery tries again only where nothing was answered and doing
//! so helps: after a connection error or an HTTP 5xx, with the same notice number, after pauses that grow, a
//! bounded number of times, and never past the deadline. It does not try again after a refusal, which is an
//! answer, nor after a timeout: the channel may be at work on it, and the time is used up.
//!
//! A channel may therefore get a notice twice, and tells the second from the first by its number.
//!
//! A delivery is one call in its channel's [`Lane`], however many attempts it takes: it holds one place, and
//! what becomes of it in the end counts once.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use yanmi_protocol::envelope::Sender;
use yanmi_protocol::message::channel_notice::{self, Notice, Received};
use yanmi_protocol::text::first_deceptive_character;
use yanmi_protocol::{ChannelId, Region, Sm4Key};
use yanmi_verification::Undelivered;
use zeroize::Zeroizing;

use super::lane::{Lane, LaneRefusal};
use crate::mac_rule::MacRule;
use crate::outbound::{self, CallError, Outbound, Proof, Reply, Unusable};
use crate::ports::Clock;

/// Characters of a channel's own words that are passed on in 500319.
pub const MAX_REASON: usize = 100;

/// A channel as the delivery knows it.
#[derive(Clone)]
pub struct Endpoint {
    /// The channel; also the `orgId` of its envelopes.
    pub id: ChannelId,
    /// Where it takes notices; checked with [`Outbound::check_url`] when it was stored.
    pub url: http::Uri,
    /// The key of its envelopes.
    pub key: Sm4Key,
    /// Whether its answers have to carry a mac.
    pub mac: MacRule,
    /// The way to it.
    pub lane: Arc<Lane>,
}

/// Path and query of the URL are left out: some channels put a secret there.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("host", &self.url.host())
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

/// How often and how soon a delivery tries again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeliverySettings {
    /// Attempts in all; 0 counts as 1.
    pub attempts: u32,
    /// The pause before the second attempt; each later one is twice as long.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

/// Three attempts fit into the five seconds of an institution's call with room for the answer.
impl Default for DeliverySettings {
    fn default() -> Self {
        Self { attempts: 3, first_pause: Duration::from_millis(100), longest_pause: Duration::from_secs(1) }
    }
}

/// Why a notice did not reach its channel: [`Undelivered`] with what can be said about it. The words of a refusal
/// are for the institution; in the log stands the code, for a channel may write anything there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeliveryFailure {
    /// No connection.
    Unreachable,
    /// No answer within the deadline.
    TimedOut,
    /// The channel refused it.
    Refused {
        /// The channel's own words, cut to [`MAX_REASON`] and fit to be shown; may be empty.
        reason: String,
    },
    /// The channel answered with a server error.
    ServerError {
        /// 500 to 599.
        status: u16,
    },
    /// The channel's answer could not be understood.
    BadAnswer,
    /// Too many calls to the channel are under way.
    Busy,
    /// The channel failed so often lately that it is left alone for a while.
    Resting,
    /// The channel's address is not allowed.
    AddressRefused,
}

impl DeliveryFailure {
    /// What kind of failure it is, as the verification keeps it.
    pub const fn kind(&self) -> Undelivered {
        match self {
            Self::Unreachable => Undelivered::Unreachable,
            Self::TimedOut => Undelivered::TimedOut,
            Self::Refused { .. } => Undelivered::Refused,
            Self::ServerError { .. } => Undelivered::ServerError,
            Self::BadAnswer => Undelivered::BadAnswer,
            Self::Busy => Undelivered::Busy,
            Self::Resting => Undelivered::Resting,
            Self::AddressRefused => Undelivered::AddressRefused,
        }
    }

    /// The stable code of its kind, for storage and metrics.
    pub fn code(&self) -> &'static str {
        self.kind().code()
    }

    /// What stands behind 「通知失败原因：」 in 500319.
    pub fn reason(&self) -> Cow<'_, str> {
        match self {
            Self::Unreachable => "无法连接渠道应用".into(),
            Self::TimedOut => "渠道应用超时未应答".into(),
            Self::Refused { reason } if reason.is_empty() => "渠道应用未接收通知".into(),
            Self::Refused { reason } => reason.into(),
            Self::ServerError { status } => format!("渠道应用服务异常（HTTP {status}）").into(),
            Self::BadAnswer => "渠道应用的应答无法识别".into(),
            Self::Busy => "渠道应用繁忙，在途通知过多".into(),
            Self::Resting => "渠道应用近期连续通知失败，暂停通知".into(),
            Self::AddressRefused => "渠道应用的通知地址未获中心允许".into(),
        }
    }

    /// Whether the channel is to blame: what counts against its lane.
    const fn is_the_channels(&self) -> bool {
        matches!(self, Self::Unreachable | Self::TimedOut | Self::ServerError { .. } | Self::BadAnswer)
    }
}

/// The reason, in Chinese.
impl fmt::Display for DeliveryFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())
    }
}

impl std::error::Error for DeliveryFailure {}

impl From<LaneRefusal> for DeliveryFailure {
    fn from(refusal: LaneRefusal) -> Self {
        match refusal {
            LaneRefusal::Busy => Self::Busy,
            LaneRefusal::Open { .. } => Self::Resting,
        }
    }
}

/// How a channel took a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reception {
    /// It asks the person.
    Asked,
    /// It says that the person pays without a password. Whether that counts is for the ledger to decide.
    PasswordFree,
}

/// Takes notices to channels.
#[derive(Clone, Debug)]
pub struct Deliverer {
    outbound: Outbound,
    clock: Clock,
    region: Region,
    prefix: String,
    settings: DeliverySettings,
}

/// A notice in its envelope.
struct Sealed {
    body: Bytes,
    mac: String,
}

/// A failed attempt.
struct FailedCall {
    failure: DeliveryFailure,
    /// Whether another attempt may help.
    again: bool,
    /// More precisely, in Chinese, for the log.
    cause: String,
}

impl Deliverer {
    /// Takes notices to channels in envelopes of this region; `prefix` stands before the `&` of `reqtType`.
    pub fn new(
        outbound: Outbound,
        clock: Clock,
        region: Region,
        prefix: impl Into<String>,
        settings: DeliverySettings,
    ) -> Self {
        Self { outbound, clock, region, prefix: prefix.into(), settings }
    }

    /// Takes a notice to a channel within `deadline`. Dropping the future abandons the delivery and counts
    /// neither for nor against the channel.
    ///
    /// # Errors
    /// [`DeliveryFailure`] unless the channel said that it took it, or that nobody need be asked.
    pub async fn deliver(
        &self,
        to: &Endpoint,
        notice: &Notice,
        deadline: Duration,
    ) -> Result<Reception, DeliveryFailure> {
        let permit = to.lane.enter(self.clock.now())?;
        let outcome = self.attempt_all(to, notice, deadline).await;
        match &outcome {
            Ok(_) | Err(DeliveryFailure::Refused { .. }) => permit.succeeded(),
            Err(failure) if failure.is_the_channels() => permit.failed(self.clock.now()),
            // Our own configuration says nothing about the channel.
            Err(_) => drop(permit),
        }
        outcome
    }

    async fn attempt_all(
        &self,
        to: &Endpoint,
        notice: &Notice,
        deadline: Duration,
    ) -> Result<Reception, DeliveryFailure> {
        let begun = Instant::now();
        let request = self.seal(to, notice);
        let mut pause = self.settings.first_pause;
        let mut attempt = 1;
        loop {
            let left = deadline.saturating_sub(begun.elapsed());
            let FailedCall { failure, again, cause } = match self.attempt(to, &request, left).await {
                Ok(taken) => return Ok(taken),
                Err(failed) => failed,
            };
            let left = deadline.saturating_sub(begun.elapsed());
            if !again || attempt >= self.settings.attempts || pause >= left {
                // The lane bounds how often this is written for a channel that is down.
                if !matches!(failure, DeliveryFailure::Refused { .. }) {
                    tracing::warn!(channel = ?to.id, code = failure.code(), attempt, cause, "通知渠道应用失败");
                }
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
            pause = next_pause(pause, self.settings.longest_pause);
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        to: &Endpoint,
        request: &Sealed,
        deadline: Duration,
    ) -> Result<Reception, FailedCall> {
        match self.outbound.post(&to.url, request.body.clone(), deadline).await {
            Ok(reply) => judge(&reply, to, &request.mac),
            Err(error) => Err(FailedCall {
                failure: of_call(error),
                again: error.is_retryable(),
                cause: error.to_string(),
            }),
        }
    }

    /// Every notice has a mac: a channel that knows none leaves an unknown member alone (E1).
    fn seal(&self, to: &Endpoint, notice: &Notice) -> Sealed {
        let message = Zeroizing::new(notice.to_json());
        let sender =
            Sender { key: &to.key, org_id: to.id.as_str(), prefix: &self.prefix, region: self.region };
        let request = sender.proven_request(to.url.path(), self.clock.now(), message.as_bytes());
        Sealed { body: request.body.into(), mac: request.mac }
    }
}

fn next_pause(pause: Duration, longest: Duration) -> Duration {
    pause.saturating_mul(2).min(longest)
}

fn of_call(error: CallError) -> DeliveryFailure {
    match error {
        CallError::TimedOut => DeliveryFailure::TimedOut,
        CallError::AddressRefused | CallError::BadUrl(_) => DeliveryFailure::AddressRefused,
        CallError::CutShort | CallError::NotHttp | CallError::TooLarge => DeliveryFailure::BadAnswer,
        CallError::NameNotFound
        | CallError::Connect
        | CallError::Tls
        | CallError::Roots
        | CallError::BrokenConnection => DeliveryFailure::Unreachable,
    }
}

/// Whether a reply says that the channel took the notice or that nobody need be asked: code 0 and `rcvFlag` "1" or "2",
/// sealed with its key.
fn judge(reply: &Reply, from: &Endpoint, mac: &str) -> Result<Reception, FailedCall> {
    let proof = Proof { mac, required: from.mac == MacRule::Required };
    let last = |failure, cause| FailedCall { failure, again: false, cause };
    let refused = |words: &str| last(DeliveryFailure::Refused { reason: shown(words) }, String::new());
    let opened = outbound::open(reply, &from.key, Some(proof)).map_err(|unusable| match unusable {
        Unusable::ServerError(status) => {
            let failure = DeliveryFailure::ServerError { status };
            FailedCall { failure, again: true, cause: format!("HTTP 状态 {status}") }
        }
        Unusable::Refused { message, .. } => refused(&message),
        Unusable::Bad(why) => last(DeliveryFailure::BadAnswer, why),
    })?;
    let members = opened.plain.members().map_err(|why| last(DeliveryFailure::BadAnswer, why.to_string()))?;
    match channel_notice::read_received(&members) {
        Ok(Received::Taken) => Ok(Reception::Asked),
        Ok(Received::PasswordFree) => Ok(Reception::PasswordFree),
        // Whatever else is a refusal (section 5 of the reading), here one without words.
        Ok(Received::Refused) | Err(_) => Err(refused("")),
    }
}

/// A channel's words made fit for a clerk's screen: nothing that hides or reorders, and not too long.
fn shown(message: &str) -> String {
    let mut buffer = [0; 4];
    let fit = message.chars().filter(|c| first_deceptive_character(c.encode_utf8(&mut buffer)).is_none());
    fit.take(MAX_REASON).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
