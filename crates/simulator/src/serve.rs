//! The simulator's one server: national center, channel apps and control interface on one socket.
//!
//! It is written on hyper itself rather than on a router, because a channel in the mood `reset` must be able to
//! end a connection without an answer: a handler that returns [`Cut`] has its connection reset.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use yanmi_protocol::{ChannelId, Sm4Key, envelope};

use crate::ambient::{Clock, Entropy};
use crate::channel::SwitchError;
use crate::mood::{ChannelMood, NationalMood};
use crate::onboarding::Onboarding;
use crate::reply::{Cut, Reply, error};
use crate::state::{Beside, State};
use crate::watch::{exchange, guard, outside, page, scene, stream};
use crate::world::{Urls, World};
use crate::{channel, control, national};

/// Connections served at once; more wait to be accepted.
pub const MAX_CONNECTIONS: usize = 2_048;
/// How long a stop waits for what is being answered before it drops it.
pub const STOP_BOUND: Duration = Duration::from_secs(3);
/// How long a client may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);
/// Pause after a failed accept, which most often means that the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a connection ends without an answer by hyper.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Leave {
    #[error(transparent)]
    Cut(#[from] Cut),
    /// It becomes an event stream, from after this event on.
    #[error("turned into an event stream")]
    Stream(Option<u64>),
}

/// A running national center, its channel apps and the phones of its persons.
#[derive(Debug)]
pub struct Simulator {
    state: Arc<State>,
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Simulator {
    /// Serves the world on this listener until [`Simulator::stop`], or until it is dropped.
    ///
    /// # Errors
    /// When the listener has no local address.
    pub fn start(world: World, listener: TcpListener, clock: Clock, entropy: Entropy) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let state = Arc::new(State::new(world, clock, entropy, stopping.clone()));
        let server = tokio::spawn(accept(Arc::clone(&state), listener, stopping));
        Ok(Self { state, addr, stop, server })
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The world it plays.
    pub fn world(&self) -> &World {
        &self.state.world
    }

    /// Puts a channel into a mood; whether there is such a channel.
    pub fn set_channel_mood(&self, channel: ChannelId, mood: ChannelMood) -> bool {
        self.state.set_channel_mood(channel, mood)
    }

    /// Puts the national center into a mood.
    pub fn set_national_mood(&self, mood: NationalMood) {
        self.state.set_national_mood(mood);
    }

    /// Lets the center's store be switched off (`true`) and on through the control interface, and has the page open what
    /// comes under any account the center has, also one that was registered later or has another key by now.
    pub fn with_center(
        &self,
        switch: impl Fn(bool) + Send + Sync + 'static,
        keys: impl Fn(&str) -> Vec<Sm4Key> + Send + Sync + 'static,
    ) {
        self.state.with_center(Beside { switch: Box::new(switch), keys: Box::new(keys) });
    }

    /// Has the page name these addresses instead of the world's: behind a front others reach everybody through it.
    pub fn show_at(&self, urls: Urls) {
        self.state.show_at(urls);
    }

    /// Keeps no more than so many bytes of what passed for pages that are opened later, and no more than so many notices on each
    /// phone: where there are many simulators in a process, all of it adds up. To be called before anybody is notified.
    pub fn remember(&self, bytes: usize, notices: usize) {
        self.state.watch.remember_bytes(bytes);
        self.state.phones().limit(notices);
    }

    /// Lets a system be brought in through the control interface, as operators of the center beside do it.
    pub fn with_onboarding(&self, onboard: impl Fn() -> Onboarding + Send + Sync + 'static) {
        self.state.with_onboarding(Box::new(onboard));
    }

    /// How many requests are held now, by hanging or slow channels or a silent national center.
    pub fn held(&self) -> usize {
        self.state.hangs.held()
    }

    /// Has every person who is to have password-free settlement from the beginning switch it on at the center.
    /// To be called once the center is up; calling it again changes nothing.
    ///
    /// # Errors
    /// When the center cannot be reached or refuses.
    pub async fn switch_password_free(&self) -> Result<(), SwitchError> {
        channel::switch_password_free(&self.state).await
    }

    /// Shows requests that programs outside send to the center's institution face.
    pub fn onlooker(&self) -> Onlooker {
        Onlooker(Arc::clone(&self.state))
    }

    /// Stops accepting, lets what is being answered finish within [`STOP_BOUND`], and drops the rest.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // An error would mean that the server panicked, and then there is nothing left to stop.
        let _ = self.server.await;
    }
}

/// Shows what programs outside ask the center.
#[derive(Clone, Debug)]
pub struct Onlooker(Arc<State>);

impl Onlooker {
    /// A request arrived.
    pub fn request(&self, path: &str, body: &[u8]) -> Outside {
        Outside(outside::begin(&self.0, path, body))
    }
}

/// A request of a program outside, which is still to be answered.
pub struct Outside(Option<exchange::Exchange>);

impl std::fmt::Debug for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outside(…)")
    }
}

impl Outside {
    /// It was answered so, for this cause where the answer does not say.
    pub fn answered(self, status: u16, body: &[u8], cause: Option<&str>) {
        if let Some(exchange) = self.0 {
            exchange.answered_because(status, body, cause);
        }
    }
}

async fn accept(state: Arc<State>, listener: TcpListener, stopping: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut stopped = pin!(wait_for_stop(stopping.clone()));
    loop {
        // The semaphore is never closed; were it, serving without a place beats not serving.
        let place = Arc::clone(&places).acquire_owned();
        let (place, accepted) = tokio::select! {
            () = &mut stopped => break,
            place_and_stream = async { (place.await.ok(), listener.accept().await) } => place_and_stream,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(serve(Arc::clone(&state), stream, stopping.clone(), place));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    // What has not finished by then is dropped with the set.
    let _ = tokio::time::timeout(STOP_BOUND, finished).await;
}

async fn wait_for_stop(mut stopping: watch::Receiver<bool>) {
    // An error means that the simulator was dropped, which is a stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

type Answering = Pin<Box<dyn Future<Output = Result<Reply, Leave>> + Send>>;

async fn serve(
    state: Arc<State>,
    stream: TcpStream,
    stopping: watch::Receiver<bool>,
    _place: Option<OwnedSemaphorePermit>,
) {
    let (shared, stopping_stream) = (Arc::clone(&state), stopping.clone());
    // Without it answers wait for the other side's acknowledgment; serving still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| -> Answering { Box::pin(handle(Arc::clone(&state), request)) });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let early = tokio::select! {
        done = poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(done),
        () = wait_for_stop(stopping) => None,
    };
    let done = if let Some(done) = early {
        done
    } else {
        Pin::new(&mut connection).graceful_shutdown();
        poll_fn(|cx| connection.poll_without_shutdown(cx)).await
    };
    let Err(error) = done else { return };
    let socket = connection.into_parts().io.into_inner();
    if let Some(Leave::Stream(after)) = std::error::Error::source(&error).and_then(|e| e.downcast_ref()) {
        // A task of its own, so that it does not drag along the room this one has for hyper.
        tokio::spawn(stream::run(socket, shared, *after, stopping_stream));
        return;
    }
    // Closing with a zero linger time sends a reset instead of an orderly end.
    let _ = socket.set_zero_linger();
}

async fn handle(state: Arc<State>, request: Request<Incoming>) -> Result<Reply, Leave> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, envelope::MAX_BODY_BYTES).collect().await else {
        return Ok(error(StatusCode::PAYLOAD_TOO_LARGE, "请求体不完整或超过 64 KiB"));
    };
    let body = body.to_bytes();
    let path = head.uri.path();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    match (&head.method, steps.as_slice()) {
        (&Method::POST, ["cfc", "api", "natl", _]) => {
            let seen = exchange::of_question(&state, path, &body);
            recorded(seen, national::answer(&state, path, &body)).await
        }
        (&Method::POST, ["channels", id, "notice"]) => {
            let seen = exchange::of_notice(&state, id, path, &body);
            recorded(seen, channel::receive(&state, id, path, &body)).await
        }
        (method, steps) => {
            if let Some(why) = guard::refuses(method, path, &head.headers) {
                return Ok(error(StatusCode::FORBIDDEN, why));
            }
            match (method, path) {
                (&Method::GET, "/events") if stream::has_place(&state) => {
                    Err(Leave::Stream(stream::last_event(&head.headers)))
                }
                (&Method::GET, "/events") => Ok(error(StatusCode::SERVICE_UNAVAILABLE, "同时打开的页面太多")),
                (&Method::GET, "/watch/world") => Ok(page::json(scene::world(&state))),
                (&Method::GET, path) if path == "/" || path.starts_with("/watch/") => {
                    Ok(page::file(path).unwrap_or_else(|| error(StatusCode::NOT_FOUND, "没有这个地址")))
                }
                _ => Ok(control::answer(&state, method, steps, &body).await),
            }
        }
    }
}

/// Answers a request of the center, for everybody to see.
async fn recorded(
    seen: Option<exchange::Exchange>,
    answering: impl Future<Output = Result<Reply, Cut>>,
) -> Result<Reply, Leave> {
    let reply = answering.await;
    if let Some(seen) = seen {
        seen.replied(&reply).await;
    }
    Ok(reply?)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::watch::MOST_STREAMS;
    use crate::world::tests::{sample, urls};

    async fn events(addr: SocketAddr) -> String {
        let mut stream = TcpStream::connect(addr).await.expect("connects");
        stream.write_all(b"GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await.expect("sent");
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.expect("an answer");
        String::from_utf8_lossy(&start).into_owned()
    }

    #[tokio::test]
    async fn only_so_many_streams_are_open_at_once() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let world = sample(&urls("http://127.0.0.1:8359"));
        let clock: Clock = Arc::new(|| yanmi_protocol::UnixMillis::new(1_700_000_000_000));
        let simulator =
            Simulator::start(world, listener, clock, Arc::new(|_: &mut [u8]| {})).expect("starts");
        assert_eq!(events(simulator.addr()).await, "HTTP/1.1 200");
        let places = Arc::clone(simulator.state.watch.places());
        let all = u32::try_from(MOST_STREAMS).expect("not many");
        // The first stream gives its place back when it notices that its reader is gone.
        let _taken = places.acquire_many(all).await.expect("never closed");
        assert_eq!(events(simulator.addr()).await, "HTTP/1.1 503");
        simulator.stop().await;
    }
}
