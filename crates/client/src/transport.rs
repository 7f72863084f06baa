//! How a request reaches an address and its answer comes back: the seam at which tests put other networks.

use std::fmt;
use std::time::Duration;

use yanmi_protocol::UnixMillis;
use yanmi_protocol::envelope::MAX_BODY_BYTES;

/// Largest answer read, in bytes; a larger one is no answer of the protocol.
pub const MAX_ANSWER_BYTES: u64 = MAX_BODY_BYTES as u64;
/// Longest wait a server's `Retry-After` can ask for; a longer one is cut to it.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Posts a body and brings back what came.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Posts JSON to an address, once: no redirect is followed, nothing is repeated.
    ///
    /// # Errors
    /// [`TransportError`] when no whole answer came. An answer of any HTTP status is none.
    fn post(&self, url: &str, body: &str, limits: Limits) -> Result<RawAnswer, TransportError>;
}

/// How long one attempt may take, and over which connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// For the connection, with name resolution and TLS handshake.
    pub connect: Duration,
    /// For the whole attempt, to the last byte of the answer.
    pub whole: Duration,
    /// Whether a kept connection must not be used: what is sent over one may be lost without anybody knowing
    /// whether it arrived.
    pub fresh: bool,
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Date`, to the second: the server's clock.
    pub server_time: Option<UnixMillis>,
    /// The header `Retry-After`, when it is a number of seconds.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

/// Nothing of the body: a decode's answer is not sealed.
impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What went wrong on the way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trouble {
    /// The host's name is not known.
    NameNotFound,
    /// Nobody took the connection.
    Unreachable,
    /// The certificate is not one of ours, or TLS failed otherwise.
    Tls,
    /// No answer in time.
    TimedOut,
    /// The connection broke, or the answer was cut off.
    Broken,
    /// What came is no HTTP, or more than [`MAX_ANSWER_BYTES`].
    NotHttp,
}

impl Trouble {
    /// The trouble in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NameNotFound => "域名无法解析",
            Self::Unreachable => "无法连接",
            Self::Tls => "TLS 握手失败（证书不是由指定的根证书签发，或已过期）",
            Self::TimedOut => "超时",
            Self::Broken => "连接中断",
            Self::NotHttp => "应答不是合法的 HTTP，或过大",
        }
    }
}

/// No answer came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransportError {
    /// What went wrong.
    pub trouble: Trouble,
    /// Whether the request may have reached the center. Only a request that surely has not may be repeated
    /// whatever it asks.
    pub may_have_arrived: bool,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.trouble.name())
    }
}

impl std::error::Error for TransportError {}
