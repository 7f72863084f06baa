//! One connection, from its first byte to its last, and the timer that watches over it.
//!
//! hyper has a timer for the head of a request, but it arms and disarms it for every request, and has none
//! for idle connections. Here a connection has one timer. Whatever happens on the connection only writes
//! down a phase and a moment ([`ConnectionWatch`]); the timer, when it fires, looks whether that phase has really
//! lasted too long, and otherwise sleeps on until it could have.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower::Service;

use crate::peer::Peer;
use crate::stream::{Stream, WatchedStream};
use crate::watch::{ConnectionWatch, IDLE, SERVING};
use crate::{Proxies, ServerLimits};

/// The most a connection may hold of what it has read and not yet handed on, in bytes. A head has a few hundred bytes,
/// with the additions of proxies a few thousand; a larger one is told 431. Bodies are handed on in pieces of this size.
pub(super) const READ_BUFFER: usize = 16 * 1024;

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Either side closed it, or it broke.
    Closed,
    /// A head that did not arrive, nothing for too long, or nothing that proves anything.
    TimedOut,
    /// It was told to make room while nobody was being served on it.
    MadeRoom,
}

/// What a full listener tells a connection: to end now, unless a request is in progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct MakeRoom;

/// Marks the time a request is being served, however it ends.
struct Serving(Arc<ConnectionWatch>);

impl Serving {
    fn begin(watch: &Arc<ConnectionWatch>) -> Self {
        watch.enter(SERVING);
        Self(Arc::clone(watch))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.enter(IDLE);
    }
}

/// Who is at the other end, and whether it speaks for others.
pub(super) struct OtherEnd {
    pub(super) address: std::net::SocketAddr,
    /// It is one of these, and its headers say who its client is.
    pub(super) proxies: Option<Arc<Proxies>>,
    pub(super) watch: Arc<ConnectionWatch>,
}

impl OtherEnd {
    /// From whom a request with these headers came.
    fn peer(&self, headers: &http::HeaderMap) -> Peer {
        let client = self.proxies.as_ref().and_then(|proxies| proxies.client(headers));
        Peer::new(client.unwrap_or(self.address), Arc::clone(&self.watch))
    }
}

/// Serves requests until the client leaves, a deadline passes, or `stop` says that it is enough: by a message when room is
/// needed, by being dropped when the request in progress shall be the last.
pub(super) async fn serve(
    stream: Stream,
    other: OtherEnd,
    router: Router,
    limits: ServerLimits,
    stop: oneshot::Receiver<MakeRoom>,
) -> End {
    let watch = Arc::clone(&other.watch);
    let noted = Arc::clone(&watch);
    let io = TokioIo::new(WatchedStream { stream, arrived: move || noted.bytes_arrived() });
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let serving = Serving::begin(&other.watch);
        let peer = other.peer(request.headers());
        request.extensions_mut().insert(peer);
        let answer = router.clone().call(request.map(Body::new));
        async move {
            let answer = answer.await;
            drop(serving);
            answer
        }
    });
    let connection = http1::Builder::new()
        .max_buf_size(READ_BUFFER)
        .header_read_timeout(None)
        // A client that has said all it wanted to say gets its answer. Without this, whether it does hangs on whether its
        // FIN was seen before the answer was made.
        .half_close(true)
        .serve_connection(io, service);
    watched(connection, &watch, &limits, stop).await
}

/// Drives the connection under the watch's timer.
async fn watched<C>(
    connection: C,
    watch: &ConnectionWatch,
    limits: &ServerLimits,
    stop: oneshot::Receiver<MakeRoom>,
) -> End
where
    C: hyper_util::server::graceful::GracefulConnection,
{
    let mut connection = pin!(connection);
    let mut stop = pin!(stop);
    let mut stopping = false;
    let first = watch.deadline(limits).unwrap_or(watch.began + limits.header);
    let mut timer = pin!(tokio::time::sleep_until(first));
    std::future::poll_fn(|cx| {
        loop {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Closed);
            }
            if !stopping && let Poll::Ready(order) = stop.as_mut().poll(cx) {
                stopping = true;
                // Chosen while it was idle; a request may have come since.
                if order.is_ok() && watch.rank().is_some() {
                    return Poll::Ready(End::MadeRoom);
                }
                connection.as_mut().graceful_shutdown();
                // Polled again: an idle connection is over now.
                continue;
            }
            // The timer sleeps past deadlines that have moved on, but never past one that has come nearer.
            let due = watch.deadline(limits);
            if due.is_some_and(|due| due < timer.deadline()) {
                timer.as_mut().reset(due.unwrap_or_else(Instant::now));
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            match due {
                Some(due) if due <= now => return Poll::Ready(End::TimedOut),
                Some(due) => timer.as_mut().reset(due),
                None => timer.as_mut().reset(now + limits.header),
            }
        }
    })
    .await
}
