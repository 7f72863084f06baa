//! Passing requests on to what listens on this machine: a space's simulator, the suite of an acceptance run.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Request, Uri};
use hyper::body::Frame;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::space::Visitor;

/// Connections kept open to one of them while nothing is said.
const MAX_IDLE: usize = 2;
/// How long one is.
const IDLE: Duration = Duration::from_secs(20);
/// What a request says of the connection it came on, and what no other party is to know.
const LEFT_OUT: [HeaderName; 7] = [
    header::HOST,
    header::CONNECTION,
    header::UPGRADE,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::COOKIE,
    header::REFERER,
];

/// The way there.
pub(crate) struct Passage(Client<HttpConnector, Body>);

impl std::fmt::Debug for Passage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passage")
    }
}

impl Passage {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .build(connector);
        Self(client)
    }

    /// Asks the server at this address for `path` (with its query) and hands its answer on as it comes; nothing when it does not
    /// answer, or ends the connection instead.
    pub(crate) async fn ask(
        &self,
        addr: SocketAddr,
        path: &str,
        head: &Parts,
        body: Bytes,
        visitor: Visitor,
    ) -> Option<Response> {
        let uri: Uri = format!("http://{addr}{path}").parse().ok()?;
        let mut request = Request::builder().method(head.method.clone()).uri(uri);
        let headers = request.headers_mut()?;
        for (name, value) in head.headers.iter().filter(|(name, _)| !LEFT_OUT.contains(name)) {
            headers.append(name, value.clone());
        }
        headers.insert(header::HOST, HeaderValue::from_str(&addr.to_string()).ok()?);
        let answer = self.0.request(request.body(Body::from(body)).ok()?).await.ok()?;
        let (mut parts, body) = answer.into_parts();
        parts.headers.remove(header::CONNECTION);
        parts.headers.remove(header::TRANSFER_ENCODING);
        Some(Response::from_parts(parts, Body::new(Watched { body: Body::new(body), _visitor: visitor })))
    }
}

/// A body with somebody who is in the space until it ends.
struct Watched {
    body: Body,
    _visitor: Visitor,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

/// A body that breaks off at once: a connection that ends without an answer looks so from outside.
pub(crate) fn broken() -> Body {
    Body::new(Broken)
}

struct Broken;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(1)
    }
}
