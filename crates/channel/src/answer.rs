//! What the center answers, and the way on which it comes.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::{Answer, AnswerError, EnvelopeError, PlainText};

/// How a body gets to the center and its answer back: whatever HTTP client the app has.
pub trait Transport {
    /// Why there is no answer: none came, or one that cannot be read.
    type Error: From<ReadError>;

    /// Posts a body as JSON to an address and waits at most this long for what comes back. An answer of any HTTP status
    /// is no error.
    fn round_trip(
        &self,
        url: &str,
        body: String,
        deadline: Duration,
    ) -> impl Future<Output = Result<Reply, Self::Error>> + Send;
}

/// What came back, before it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why what came back is no answer of the protocol. A refusal is an answer, not an error.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no answer of the protocol.
    #[error("中心的应答不合规范（HTTP {status}）：{why}")]
    Malformed {
        /// The HTTP status.
        status: u16,
        /// What is wrong.
        why: EnvelopeError,
    },
    /// It says success but does not open with the key.
    #[error("{0}")]
    Sealed(AnswerError),
    /// It has no mac, or a wrong one.
    #[error("{}", if *.given { "中心应答的 mac 不符，不能采信" } else { "中心的应答没有 mac，不能采信" })]
    Unproven {
        /// Whether it had one.
        given: bool,
    },
}

/// What the center said.
pub struct CenterAnswer {
    /// Code and message.
    pub answer: Answer,
    /// The opened message of a success.
    pub plain: Option<PlainText>,
}

/// Nothing of the message.
impl fmt::Debug for CenterAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CenterAnswer").field("code", &self.answer.code).finish_non_exhaustive()
    }
}

impl CenterAnswer {
    /// Reads a body as the answer to a sealed request, and opens its message when there is one. The answer to a request
    /// that had a mac is none without the mac that belongs to it (E13).
    ///
    /// # Errors
    /// [`ReadError`]; a refusal is none and has no message.
    pub fn read(
        status: u16,
        body: &[u8],
        key: &Sm4Key,
        request_mac: Option<&str>,
    ) -> Result<Self, ReadError> {
        let answer = Answer::parse(body).map_err(|why| ReadError::Malformed { status, why })?;
        if request_mac.is_some_and(|mac| !answer.is_proven(key, mac)) {
            return Err(ReadError::Unproven { given: answer.mac.is_some() });
        }
        match answer.open(key) {
            Ok(plain) => Ok(Self { answer, plain: Some(plain) }),
            Err(AnswerError::Refused { .. }) => Ok(Self { answer, plain: None }),
            Err(why) => Err(ReadError::Sealed(why)),
        }
    }
}
