//! The suite's server: the playing center, the settlement sink and the page on one socket.
//!
//! On hyper itself rather than on a router, because connections must end in the middle of an answer.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, RETRY_AFTER,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
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

use crate::answer::{Answer, Delivery};
use crate::base_url::{BaseUrl, Urls};
use crate::event::Teller;
use crate::session::Session;
use crate::{brief, page, report};

/// Connections served at once; more wait to be accepted. One institution is tried.
const MAX_CONNECTIONS: usize = 128;
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
struct Cut;

type Reply = Response<BoxBody<Bytes, Cut>>;

/// Serves until told to stop. What is held then is dropped with the set.
pub(crate) async fn accept(
    session: Arc<Session>,
    listener: TcpListener,
    urls: Arc<Urls>,
    mut stopping: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
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
                let serving = serve(Arc::clone(&session), Arc::clone(&urls), stream);
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

async fn serve(session: Arc<Session>, urls: Arc<Urls>, stream: TcpStream) {
    // Without it answers wait for the other side's acknowledgment; serving still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| -> Answering {
        Box::pin(handle(Arc::clone(&session), Arc::clone(&urls), request))
    });
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

async fn handle(session: Arc<Session>, urls: Arc<Urls>, request: Request<Incoming>) -> Result<Reply, Cut> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, envelope::MAX_BODY_BYTES + 1).collect();
    let Ok(Ok(body)) = tokio::time::timeout(BODY_TIMEOUT, body).await else {
        return Ok(text(StatusCode::PAYLOAD_TOO_LARGE, "请求体不完整或超过 64 KiB"));
    };
    let body = body.to_bytes();
    if head.uri.path().starts_with("/cfc/") {
        let delivery = session.receive(head.uri.path(), &body);
        return deliver(&session, delivery).await;
    }
    Ok(desk(&session, &urls, &head, &body))
}

async fn deliver(session: &Session, delivery: Delivery) -> Result<Reply, Cut> {
    match delivery {
        Delivery::Whole(answer) => Ok(whole(answer)),
        Delivery::Late(answer) => {
            tokio::time::sleep(session.settings.late).await;
            Ok(whole(answer))
        }
        Delivery::Half(answer) => Ok(half(&answer)),
        Delivery::Reset => Err(Cut),
        Delivery::Hang => {
            tokio::time::sleep(session.settings.hang).await;
            Err(Cut)
        }
    }
}

fn whole(answer: Answer) -> Reply {
    let kind = if answer.html { "text/html; charset=utf-8" } else { "application/json" };
    let mut reply = reply(answer.status, kind, answer.body);
    if let Some(seconds) = answer.retry_after {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}

/// Promises the whole and sends half.
fn half(answer: &Answer) -> Reply {
    let length = answer.body.len();
    let sent = Bytes::copy_from_slice(&answer.body.as_bytes()[..length / 2]);
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

/// What is not the center's: the page, the sink, the reports.
fn desk(session: &Session, urls: &Urls, head: &Parts, body: &[u8]) -> Reply {
    if head.method == Method::POST && is_from_elsewhere(&head.headers, session.settings.public_url.as_ref()) {
        return text(StatusCode::FORBIDDEN, "只接受本页面或程序的请求");
    }
    let brief = || brief::of(session, urls);
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/") => html(page::live(&brief(), &report::write(session))),
        (&Method::GET, "/acceptance/page.js") => {
            reply(StatusCode::OK, "text/javascript; charset=utf-8", page::SCRIPT)
        }
        (&Method::GET, "/acceptance/progress") => html(page::progress(&brief(), &report::write(session))),
        (&Method::GET, "/acceptance.json") => json(&brief()),
        (&Method::GET, "/report.json") => json(&report::write(session)),
        (&Method::GET, "/report.html") => html(page::report(&report::write(session))),
        (&Method::POST, "/acceptance/settle") => said(session.settle(body, teller(&head.headers))),
        (&Method::POST, "/acceptance/again") => said(session.again(body)),
        (&Method::POST, "/acceptance/finish") => {
            session.finish.send_replace(true);
            said(Ok(()))
        }
        _ => text(StatusCode::NOT_FOUND, "没有这个地址或方法不对"),
    }
}

/// A browser says on whose behalf it posts; programs do not. Behind a front the host that is named here may be any.
fn is_from_elsewhere(headers: &HeaderMap, public: Option<&BaseUrl>) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    if let Some(public) = public {
        return !public.is_origin(origin);
    }
    let own = headers.get(HOST).map(HeaderValue::as_bytes);
    own.is_none_or(|own| origin.as_bytes().strip_prefix(b"http://") != Some(own))
}

/// Only a browser says where it posts from.
fn teller(headers: &HeaderMap) -> Teller {
    if headers.contains_key(ORIGIN) { Teller::Page } else { Teller::Program }
}

fn said(done: Result<(), String>) -> Reply {
    match done {
        Ok(()) => json(&serde_json::json!({ "received": true })),
        Err(why) => text(StatusCode::BAD_REQUEST, &why),
    }
}

fn text(status: StatusCode, sentence: &str) -> Reply {
    reply(status, "application/json", serde_json::json!({ "error": sentence }).to_string())
}

fn json(value: &impl serde::Serialize) -> Reply {
    // Writing these types into memory cannot fail.
    reply(StatusCode::OK, "application/json", serde_json::to_string(value).unwrap_or_default())
}

fn html(page: String) -> Reply {
    reply(StatusCode::OK, "text/html; charset=utf-8", page)
}

fn reply(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let never = |error: Infallible| match error {};
    let mut reply = Response::new(Full::new(body.into()).map_err(never).boxed());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    reply
}
