//! One connection, from its first byte to its last, and the timer that watches over it.
//!
//! hyper has a timer for the head of a request, but it arms and disarms it for every request, and has none
//! for idle connections. Here a connection has one timer. Whatever happens on the connection only writes
//! down a phase and a moment ([`Watch`]); the timer, when it fires, looks whether that phase has really
//! lasted too long, and otherwise sleeps on until it could have.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower::Service;

use super::stream::{Noted, Stream};
use super::{Peer, ServerLimits};

/// The most a connection may hold of what it has read and not yet handed on, in bytes: an envelope of 64 KiB
/// (reading, E1) and its head.
const READ_BUFFER: usize = 96 * 1024;

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Either side closed it, or it broke.
    Closed,
    /// A head that did not arrive, or nothing for too long.
    TimedOut,
}

/// Where a connection stands: a phase in the two lowest bits, above them the microseconds from the
/// connection's beginning to the phase's. One atomic, touched by the connection's own task only.
struct Watch {
    began: Instant,
    state: AtomicU64,
}

/// Between an answer and the next request's first byte.
const IDLE: u64 = 0;
/// Between a request's first byte and the end of its head.
const HEAD: u64 = 1;
/// Between the end of the head and the answer. The operation has deadlines of its own.
const SERVING: u64 = 2;

impl Watch {
    /// A new connection owes a head from the beginning on.
    fn new() -> Self {
        Self { began: Instant::now(), state: AtomicU64::new(HEAD) }
    }

    fn enter(&self, phase: u64) {
        // Half a million years of microseconds fit above the two bits.
        let since = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX >> 2);
        self.state.store((since << 2) | phase, Ordering::Relaxed);
    }

    fn bytes_arrived(&self) {
        if self.state.load(Ordering::Relaxed) & 3 == IDLE {
            self.enter(HEAD);
        }
    }

    /// When the present phase will have lasted too long.
    fn deadline(&self, limits: &ServerLimits) -> Option<Instant> {
        let state = self.state.load(Ordering::Relaxed);
        let patience = match state & 3 {
            IDLE => limits.keep_alive,
            HEAD => limits.header,
            _ => return None,
        };
        Some(self.began + Duration::from_micros(state >> 2) + patience)
    }
}

/// Marks the time a request is being served, however it ends.
struct Serving(Arc<Watch>);

impl Serving {
    fn begin(watch: &Arc<Watch>) -> Self {
        watch.enter(SERVING);
        Self(Arc::clone(watch))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.enter(IDLE);
    }
}

/// Serves requests until the client leaves, a deadline passes, or `stop` says (by a message or by being
/// dropped) that the request in progress shall be the last.
pub(super) async fn serve(
    stream: Stream,
    peer: Peer,
    router: Router,
    limits: ServerLimits,
    stop: oneshot::Receiver<()>,
) -> End {
    let watch = Arc::new(Watch::new());
    let noted = Arc::clone(&watch);
    let io = TokioIo::new(Noted { stream, arrived: move || noted.bytes_arrived() });
    let served = Arc::clone(&watch);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let serving = Serving::begin(&served);
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
        .serve_connection(io, service);
    watched(connection, &watch, &limits, stop).await
}

/// Drives the connection under the watch's timer.
async fn watched<C>(connection: C, watch: &Watch, limits: &ServerLimits, stop: oneshot::Receiver<()>) -> End
where
    C: hyper_util::server::graceful::GracefulConnection,
{
    let mut connection = pin!(connection);
    let mut stop = pin!(stop);
    let mut stopping = false;
    let mut timer = pin!(tokio::time::sleep_until(watch.began + limits.header));
    std::future::poll_fn(|cx| {
        loop {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Closed);
            }
            if !stopping && stop.as_mut().poll(cx).is_ready() {
                stopping = true;
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
