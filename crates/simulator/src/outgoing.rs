//! Calls over HTTP: one pooled client, with a deadline and a bound on what comes back.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
pub use yanmi_channel::ReadError;
use yanmi_channel::{CenterAnswer, Reply, Transport};
use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::{Answer, PlainText};

/// Largest answer taken, in bytes.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// Connections kept open to one server while nothing is said.
const MAX_IDLE_CONNECTIONS: usize = 64;
/// How long a connection is kept open while nothing is said.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The address is none this client can call.
    #[error("地址应为 http://主机:端口/路径，仅支持 http：{0}")]
    Address(String),
    /// No connection, or it broke before an answer came.
    #[error("无法连接或连接中断：{0}")]
    Broken(String),
    /// No answer in time.
    #[error("{} 秒内没有应答", .0.as_secs_f32())]
    Timeout(Duration),
    /// The answer is larger than [`MAX_ANSWER_BYTES`], or broke off.
    #[error("应答不完整或超过 {MAX_ANSWER_BYTES} 字节")]
    BadBody,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Received {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`, when there is one.
    pub retry_after: Option<String>,
    /// The header `Location`, when there is one.
    pub location: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// Why a sealed call yields no answer of the protocol. A refusal is an answer, not an error.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The center could not be called.
    #[error("请求中心失败：{0}")]
    Call(#[from] CallError),
    /// What came back is no answer of the protocol.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Received {
    /// Reads the body as an answer to a sealed request and opens its message, when there is one.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none and has no message.
    pub fn open(&self, key: &Sm4Key) -> Result<(Answer, Option<PlainText>), AskError> {
        self.read(key, None)
    }

    /// The same for the answer to a request that had this mac: without the mac that belongs to it, it is none (E13).
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none and has no message.
    pub fn open_proven(
        &self,
        key: &Sm4Key,
        request_mac: &str,
    ) -> Result<(Answer, Option<PlainText>), AskError> {
        self.read(key, Some(request_mac))
    }

    /// Reads the body as an answer that is not sealed.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub fn parse(&self) -> Result<Answer, AskError> {
        let malformed = |why| ReadError::Malformed { status: self.status, why };
        Ok(Answer::parse(&self.body).map_err(malformed)?)
    }

    /// The center answers a channel and an institution in the same envelope.
    fn read(&self, key: &Sm4Key, request_mac: Option<&str>) -> Result<(Answer, Option<PlainText>), AskError> {
        let CenterAnswer { answer, plain } = CenterAnswer::read(self.status, &self.body, key, request_mac)?;
        Ok((answer, plain))
    }
}

/// An HTTP client that reuses connections. Cloning it shares them.
#[derive(Clone, Debug)]
pub struct Caller {
    http: Client<HttpConnector, Full<Bytes>>,
}

impl Default for Caller {
    fn default() -> Self {
        Self::new()
    }
}

impl Caller {
    /// A client without connections yet.
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .build(connector);
        Self { http }
    }

    /// Posts a body as JSON.
    ///
    /// # Errors
    /// [`CallError`]. An answer of any HTTP status is none.
    pub async fn post(&self, url: &str, body: Bytes, deadline: Duration) -> Result<Received, CallError> {
        self.send(Method::POST, url, body, deadline).await
    }

    /// Gets what is at an address.
    ///
    /// # Errors
    /// [`CallError`]. An answer of any HTTP status is none.
    pub async fn get(&self, url: &str, deadline: Duration) -> Result<Received, CallError> {
        self.send(Method::GET, url, Bytes::new(), deadline).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        body: Bytes,
        deadline: Duration,
    ) -> Result<Received, CallError> {
        let address = || CallError::Address(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| address())?;
        if uri.scheme_str() != Some("http") {
            return Err(address());
        }
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|_| address())?;
        tokio::time::timeout(deadline, self.exchange(request))
            .await
            .unwrap_or(Err(CallError::Timeout(deadline)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Received, CallError> {
        let answer = self.http.request(request).await.map_err(|e| CallError::Broken(chain(&e)))?;
        let status = answer.status().as_u16();
        let header = |name| {
            let value = answer.headers().get(name);
            value.and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (retry_after, location) = (header(RETRY_AFTER), header(LOCATION));
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|_| CallError::BadBody)?.to_bytes();
        Ok(Received { status, retry_after, location, body })
    }
}

impl Transport for Caller {
    type Error = AskError;

    async fn round_trip(&self, url: &str, body: String, deadline: Duration) -> Result<Reply, AskError> {
        let received = self.post(url, body.into(), deadline).await?;
        Ok(Reply { status: received.status, body: received.body.into() })
    }
}

/// An error with its causes; the outermost of hyper's says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
