//! How a play is served: bounded connections on one socket, and answers that may break off.
//!
//! On hyper itself rather than on a router, because connections must end in the middle of an answer.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use yanmi_protocol::envelope;

use crate::base_url::BaseUrl;
use crate::event::Teller;

/// Connections served at once; more wait to be accepted. One system is tried.
pub const MAX_CONNECTIONS: usize = 128;
/// How long a client may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);
/// How long it may take to send the body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Nothing is loaded from anywhere else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; base-uri 'none'";

/// "Do not go on: reset the connection."
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("connection cut on purpose")]
pub struct Cut;

/// An answer.
pub type Reply = Response<BoxBody<Bytes, Cut>>;

/// Serves until told to stop. What is held then is dropped with the set.
pub async fn accept<H, F>(listener: TcpListener, mut stopping: watch::Receiver<bool>, handler: H)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply, Cut>> + Send + 'static,
{
    let (places, handler) = (Arc::new(Semaphore::new(MAX_CONNECTIONS)), Arc::new(handler));
    let mut connections = JoinSet::new();
    // An error means that the suite was dropped, which is a stop as well.
    let mut stopped = pin!(stopping.wait_for(|stop| *stop));
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let (place, accepted) = tokio::select! {
            _ = &mut stopped => break,
            both = async { (place.await.ok(), listener.accept().await) } => both,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let serving = serve(Arc::clone(&handler), stream);
                connections.spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Reply, Cut>> + Send>>;

async fn serve<H, F>(handler: Arc<H>, stream: TcpStream)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply, Cut>> + Send + 'static,
{
    // Without it answers wait for the other side's acknowledgment; serving still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| -> Answering { Box::pin(handler(request)) });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        // The only clock that counts is the session's.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    if poll_fn(|cx| connection.poll_without_shutdown(cx)).await.is_err() {
        // Closing with a zero linger time sends a reset instead of an orderly end.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

/// Reads a body of at most 64 KiB (E1) and a byte, so that one that is too large is seen to be.
///
/// # Errors
/// The answer, when it is larger, slower, or breaks off.
pub async fn body(body: Incoming) -> Result<Bytes, Reply> {
    let body = Limited::new(body, envelope::MAX_BODY_BYTES + 1).collect();
    match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        _ => Err(text(StatusCode::PAYLOAD_TOO_LARGE, "请求体不完整或超过 64 KiB")),
    }
}

/// Promises the whole and sends half.
pub fn half(body: &str) -> Reply {
    let length = body.len();
    let sent = Bytes::copy_from_slice(&body.as_bytes()[..length / 2]);
    let mut reply = Response::new(BodyExt::boxed(Half(Some(sent))));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    reply
}

/// A body that breaks off.
struct Half(Option<Bytes>);

impl Body for Half {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or(Cut)))
    }
}

/// A browser says on whose behalf it posts; programs do not. Behind a front the host that is named here may be any.
pub fn is_from_elsewhere(headers: &HeaderMap, public: Option<&BaseUrl>) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    if let Some(public) = public {
        return !public.is_origin(origin);
    }
    let own = headers.get(HOST).map(HeaderValue::as_bytes);
    own.is_none_or(|own| origin.as_bytes().strip_prefix(b"http://") != Some(own))
}

/// Only a browser says where it posts from.
pub fn teller(headers: &HeaderMap) -> Teller {
    if headers.contains_key(ORIGIN) { Teller::Page } else { Teller::Program }
}

/// A sentence for programs, as `{"error":…}`.
pub fn text(status: StatusCode, sentence: &str) -> Reply {
    reply(status, "application/json", serde_json::json!({ "error": sentence }).to_string())
}

/// A value as JSON.
pub fn json(value: &impl serde::Serialize) -> Reply {
    // Writing these types into memory cannot fail.
    reply(StatusCode::OK, "application/json", serde_json::to_string(value).unwrap_or_default())
}

/// A page.
pub fn html(page: String) -> Reply {
    reply(StatusCode::OK, "text/html; charset=utf-8", page)
}

/// A body of a kind, never to be kept.
pub fn reply(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let never = |error: Infallible| match error {};
    let mut reply = Response::new(Full::new(body.into()).map_err(never).boxed());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    reply
}
