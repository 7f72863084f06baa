//! The way to the app: one POST, one answer, nothing followed.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use yanmi_protocol::envelope::MAX_BODY_BYTES;

/// How an answer comes: later.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Received, String>> + Send + 'a>>;

/// What posts to the app. A host puts its own here to forbid addresses, or to speak TLS.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Posts a body as JSON and waits at most this long for the whole answer, of whatever HTTP status and at most 64 KiB.
    /// Redirects are not followed. The error says in Chinese why there is no answer.
    fn post<'a>(&'a self, url: &'a str, body: Bytes, deadline: Duration) -> Answering<'a>;
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Received {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// The bytes of a connection.
pub trait Bytestream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytestream for T {}

/// How a connection comes: later.
pub type Dialing = Pin<Box<dyn Future<Output = io::Result<Box<dyn Bytestream>>> + Send>>;

/// Plain HTTP on a connection of its own, to addresses that are allowed.
pub struct Direct {
    allowed: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    dial: Box<dyn Fn(SocketAddr) -> Dialing + Send + Sync>,
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}

impl Direct {
    /// To any address.
    pub fn to_any() -> Self {
        Self::only(|_| true)
    }

    /// Only to addresses for which this is true. It is asked about the very address that is connected to.
    pub fn only(allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self { allowed: Box::new(allowed), dial: Box::new(|address| Box::pin(connect(address))) }
    }

    /// The same with connections made by `dial`, for a host whose network is another than the system's.
    #[must_use]
    pub fn dialing(self, dial: impl Fn(SocketAddr) -> Dialing + Send + Sync + 'static) -> Self {
        Self { dial: Box::new(dial), ..self }
    }

    /// One request on a connection of its own.
    pub(crate) async fn exchange(&self, method: Method, url: &str, body: Bytes) -> Result<Received, String> {
        let uri: Uri = url.parse().map_err(|_| "地址有误".to_owned())?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
        let authority = authority.ok_or("这里只能通过 http 调用")?;
        let stream = self.connect(authority.host(), authority.port_u16().unwrap_or(80)).await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|why| format!("连接中断：{why}"))?;
        // Dropped with this call, and the connection with it.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, authority.as_str())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|_| "地址有误".to_owned())?;
        let answer = sender.send_request(request).await.map_err(|why| format!("连接中断：{why}"))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MAX_BODY_BYTES + 1).collect().await;
        let body = body.map_err(|_| "应答不完整或超过 64 KiB".to_owned())?.to_bytes();
        Ok(Received { status, body })
    }

    async fn connect(&self, host: &str, port: u16) -> Result<Box<dyn Bytestream>, String> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut why = "主机名无法解析".to_owned();
        for address in lookup_host((host, port)).await.map_err(|_| why.clone())? {
            if !(self.allowed)(address.ip()) {
                "不允许调用这个地址".clone_into(&mut why);
                continue;
            }
            match (self.dial)(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => why = format!("无法连接：{error}"),
            }
        }
        Err(why)
    }
}

/// A connection of the system's.
async fn connect(address: SocketAddr) -> io::Result<Box<dyn Bytestream>> {
    let stream = TcpStream::connect(address).await?;
    // Without it small messages wait for an acknowledgment; calling still works.
    let _ = stream.set_nodelay(true);
    Ok(Box::new(stream))
}

impl Transport for Direct {
    fn post<'a>(&'a self, url: &'a str, body: Bytes, deadline: Duration) -> Answering<'a> {
        Box::pin(async move {
            let late = || Err(format!("{} 秒内没有应答", deadline.as_secs_f32()));
            tokio::time::timeout(deadline, self.exchange(Method::POST, url, body))
                .await
                .unwrap_or_else(|_| late())
        })
    }
}
