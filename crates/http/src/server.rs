//! The accept loop and its end.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::{sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::connection::{self, End, MakeRoom, OtherEnd};
use crate::door::Door;
use crate::proxy::{self, ProxyWord};
use crate::refuse::{self, MAX_REFUSALS, NoRoom};
use crate::socket::Socket;
use crate::source::{Seat, Sources};
use crate::stream::Stream;
use crate::watch::ConnectionWatch;
use crate::{ClientAddress, Listener, Proxies, ServerLimits};

/// How long accepting rests after the system had no room for another connection, most often because the
/// process may open no more files: without a rest the loop would spin on the same error.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A listener being served. Dropping it cuts everything at once; [`Server::stop`] is the polite way.
pub struct Server {
    name: &'static str,
    address: SocketAddr,
    counters: Arc<Counters>,
    stop: oneshot::Sender<Duration>,
    task: JoinHandle<Stopped>,
}

/// What a stop did with the connections that were open when it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// Ended by themselves: idle ones at once, the others after their answer.
    pub finished: usize,
    /// Cut at the deadline with a request in progress.
    pub cut: usize,
}

/// What a listener has seen since it began, to be read whenever metrics are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Traffic {
    /// Connections taken.
    pub accepted: u64,
    /// Connections that have ended, of those taken. The rest is open.
    pub ended: u64,
    /// Connections refused with 503, or without a word, because all were at work.
    pub refused: u64,
    /// Connections refused because their source had all it may have.
    pub refused_by_source: u64,
    /// Kept connections closed to make room for new ones.
    pub made_room: u64,
    /// Connections closed because a proxy did not say whose they are.
    pub proxies_failed: u64,
    /// TLS handshakes that failed or took too long.
    pub handshakes_failed: u64,
    /// Connections closed because a head did not arrive or because nothing did.
    pub timed_out: u64,
}

/// The counters behind [`Traffic`]; made before the server, so that what it serves can show them.
#[derive(Default, Debug)]
pub struct Counters {
    accepted: AtomicU64,
    ended: AtomicU64,
    refused: AtomicU64,
    refused_by_source: AtomicU64,
    made_room: AtomicU64,
    proxies_failed: AtomicU64,
    handshakes_failed: AtomicU64,
    timed_out: AtomicU64,
}

impl Counters {
    /// What was counted so far.
    pub fn traffic(&self) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Endings before beginnings, so that there are never more of them.
        let ended = read(&self.ended);
        Traffic {
            accepted: read(&self.accepted),
            ended,
            refused: read(&self.refused),
            refused_by_source: read(&self.refused_by_source),
            made_room: read(&self.made_room),
            proxies_failed: read(&self.proxies_failed),
            handshakes_failed: read(&self.handshakes_failed),
            timed_out: read(&self.timed_out),
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Server {
    /// Begins to serve. Must be called inside a tokio runtime.
    pub fn start(listener: Listener, router: Router, limits: ServerLimits) -> Self {
        Self::start_counted(listener, router, limits, Arc::default())
    }

    /// Begins to serve, counting there.
    pub fn start_counted(
        listener: Listener,
        router: Router,
        limits: ServerLimits,
        counters: Arc<Counters>,
    ) -> Self {
        let (stop, stopping) = oneshot::channel();
        let (name, address) = (listener.name, listener.address);
        let accepting = AcceptLoop {
            listener,
            router,
            limits,
            counters: Arc::clone(&counters),
            sources: Sources::new(limits.connections_per_source),
            open: JoinSet::new(),
            door: Door::default(),
            refusals: JoinSet::new(),
        };
        Self { name, address, counters, stop, task: tokio::spawn(accepting.run(stopping)) }
    }

    /// The address served.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The listener's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the listener has seen so far.
    pub fn traffic(&self) -> Traffic {
        self.counters.traffic()
    }

    /// Closes the listening socket and the idle connections, waits for the requests in progress, and cuts
    /// those that are not answered when `deadline` has passed.
    pub async fn stop(self, deadline: Duration) -> Stopped {
        // Neither side of the channel goes before the other: the loop waits for this message.
        let _ = self.stop.send(deadline);
        self.task.await.unwrap_or_else(|error| {
            tracing::error!(listener = self.name, %error, "监听任务异常结束");
            Stopped { finished: 0, cut: 0 }
        })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("traffic", &self.traffic())
            .finish_non_exhaustive()
    }
}

/// The accept loop's state. The connections' stop signals are held here, one channel each, because a channel
/// all of them share would take a lock on every wake of every connection.
struct AcceptLoop {
    listener: Listener,
    router: Router,
    limits: ServerLimits,
    counters: Arc<Counters>,
    sources: Arc<Sources>,
    open: JoinSet<()>,
    door: Door,
    refusals: JoinSet<()>,
}

impl AcceptLoop {
    async fn run(mut self, mut stopping: oneshot::Receiver<Duration>) -> Stopped {
        loop {
            tokio::select! {
                biased;
                order = &mut stopping => return match order {
                    Ok(deadline) => self.finish(deadline).await,
                    // The server was dropped; dropping the set cuts every connection.
                    Err(_) => Stopped { finished: 0, cut: self.open.len() },
                },
                Some(ended) = self.open.join_next_with_id() => self.forget(ended),
                Some(_) = self.refusals.join_next() => {}
                accepted = self.listener.socket.accept() => match accepted {
                    Ok((socket, address)) => self.take(socket, address),
                    Err(error) if is_about_one_connection(&error) => {}
                    Err(error) => {
                        tracing::warn!(listener = self.listener.name, %error, "暂时无法接受新连接");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    /// Serves the connection, or refuses it when there is no room for it.
    fn take(&mut self, socket: Socket, address: SocketAddr) {
        // Answers are small and complete: waiting for more to send with them only costs time. A socket that
        // refuses the option is about to fail anyway.
        let _ = socket.set_nodelay();
        let named = self.listener.proxies.contains(address.ip());
        // The connections of a proxy are everybody's.
        let seat = if named { None } else { self.sources.enter(address.ip()) };
        if !named && seat.is_none() {
            count(&self.counters.refused_by_source);
            return self.refuse(socket, NoRoom::Source);
        }
        if self.door.staying() >= self.limits.connections {
            self.reap();
        }
        if self.door.staying() >= self.limits.connections && self.door.make_room().is_none() {
            count(&self.counters.refused);
            return self.refuse(socket, NoRoom::Listener);
        }
        count(&self.counters.accepted);
        let (stop, stopping) = oneshot::channel();
        let watch = Arc::new(ConnectionWatch::new());
        let connection = ConnectionTask {
            address,
            seat,
            proxies: named.then(|| Arc::clone(&self.listener.proxies)),
            sources: Arc::clone(&self.sources),
            watch: Arc::clone(&watch),
            router: self.router.clone(),
            limits: self.limits,
            counters: self.counters(),
        };
        let task = self.open.spawn(connection.run(socket, self.listener.tls.clone(), stopping));
        self.door.came(task.id(), stop, watch);
    }

    fn refuse(&mut self, socket: Socket, why: NoRoom) {
        if self.refusals.len() < MAX_REFUSALS {
            self.refusals.spawn(refuse::refuse(socket, self.listener.tls.clone(), why));
        }
    }

    fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Forgets the connections that have ended and were not yet heard of.
    fn reap(&mut self) {
        while let Some(ended) = self.open.try_join_next_with_id() {
            self.forget(ended);
        }
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        count(&self.counters.ended);
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(listener = self.listener.name, "处理请求时程序异常，连接已关闭");
                }
                error.id()
            }
        };
        self.door.went(id);
    }

    async fn finish(mut self, deadline: Duration) -> Stopped {
        let deadline = tokio::time::Instant::now() + deadline;
        self.reap();
        let Self { listener, mut open, door, refusals, .. } = self;
        // What is new finds the port closed; who was being refused has waited long enough.
        drop((listener, refusals));
        let all = open.len();
        door.close();
        let _ = timeout_at(deadline, async { while open.join_next().await.is_some() {} }).await;
        while open.try_join_next().is_some() {}
        let cut = open.len();
        open.shutdown().await;
        Stopped { finished: all - cut, cut }
    }
}

/// What the task of one connection needs.
struct ConnectionTask {
    address: SocketAddr,
    seat: Option<Seat>,
    /// The named proxies, when it comes from one of them.
    proxies: Option<Arc<Proxies>>,
    sources: Arc<Sources>,
    watch: Arc<ConnectionWatch>,
    router: Router,
    limits: ServerLimits,
    counters: Arc<Counters>,
}

impl ConnectionTask {
    async fn run(
        mut self,
        mut socket: Socket,
        tls: Option<TlsAcceptor>,
        mut stop: oneshot::Receiver<MakeRoom>,
    ) {
        let patience = self.limits.handshake;
        let opening = async {
            self.ask_proxy(&mut socket).await.map_err(|NotTold| count(&self.counters.proxies_failed))?;
            if self.proxies.is_none() && self.seat.is_none() {
                count(&self.counters.refused_by_source);
                refuse::refuse(socket, tls, NoRoom::Source).await;
                return Err(());
            }
            Stream::open(socket, tls.as_ref()).await.map_err(|_| count(&self.counters.handshakes_failed))
        };
        let opened = tokio::select! {
            biased;
            // Nobody who is still shaking hands has asked for anything.
            _ = &mut stop => return,
            opened = timeout(patience, opening) => opened,
        };
        let stream = match opened {
            Ok(Ok(stream)) => stream,
            Ok(Err(())) => return,
            Err(_) => return count(&self.counters.handshakes_failed),
        };
        let Self { address, seat, proxies, watch, router, limits, counters, .. } = self;
        let other = OtherEnd { address, proxies, watch };
        match connection::serve(stream, other, router, limits, stop).await {
            End::Closed => {}
            End::TimedOut => count(&counters.timed_out),
            End::MadeRoom => count(&counters.made_room),
        }
        drop(seat);
    }

    /// Has a named proxy say whose the connection is, where it does so before the first byte. From then on the connection
    /// is the client's, and the client's to account for.
    async fn ask_proxy(&mut self, socket: &mut Socket) -> Result<(), NotTold> {
        match self.proxies.as_ref().map(|proxies| proxies.client) {
            // A proxy keeps connections for whoever comes next; what is proven on them is not one client's matter.
            Some(ClientAddress::XForwardedFor | ClientAddress::Forwarded) => self.watch.prove(),
            Some(ClientAddress::ProxyV2) => {
                let told = proxy::read(socket).await.map_err(|_| NotTold)?;
                if let ProxyWord::Client(client) = told {
                    self.address = client;
                    self.proxies = None;
                    self.seat = self.sources.enter(client.ip());
                }
            }
            Some(ClientAddress::Untold) | None => {}
        }
        Ok(())
    }
}

/// A proxy did not say whose a connection is, though it should.
struct NotTold;

/// Whether the error speaks of the connection that was to be accepted rather than of the system: then the
/// next one may be fine.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
