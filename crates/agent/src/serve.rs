//! Serving, from the start to a stop that lets what is being answered finish.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use yanmi_client::Ambient;

use crate::config::AgentConfig;
use crate::door::Door;
use crate::failure::StartError;
use crate::guard::Hosts;
use crate::office::Office;
use crate::operation;
use crate::service::Service;

/// Connections served at once; more wait to be accepted.
pub const MAX_CONNECTIONS: usize = 512;
/// How long a client may take to send the head of a request, and a connection may lie idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a stop waits for what is being answered. A notice on its way takes as long as the center lets it.
pub const STOP_BOUND: Duration = Duration::from_secs(10);
/// Pause after a failed accept, which most often means that the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    address: SocketAddr,
    office: Arc<Office>,
    stop: watch::Sender<bool>,
    server: JoinHandle<bool>,
}

impl Agent {
    /// Opens the desk and listens. Dropping the agent stops it at once.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: &AgentConfig, ambient: Arc<dyn Ambient>) -> Result<Self, StartError> {
        let office = Arc::new(Office::open(config, ambient)?);
        let failed = |error| StartError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        office.reached_at(address);
        let door = Arc::new(Door::new(Service::new(Arc::clone(&office)), Hosts::new(address, &config.hosts)));
        let (stop, stopping) = watch::channel(false);
        let server = tokio::spawn(accept(door, listener, stopping));
        Ok(Self { address, office, stop, server })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A link that opens the clerk's page once.
    pub fn link(&self) -> String {
        operation::link(&self.office).url
    }

    /// Stops accepting, lets what is being answered finish within [`STOP_BOUND`]; whether everything did.
    pub async fn stop(self) -> bool {
        self.stop.send_replace(true);
        self.office.stop();
        self.server.await.unwrap_or(false)
    }
}

async fn accept(door: Arc<Door>, listener: TcpListener, mut stopping: watch::Receiver<bool>) -> bool {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = GracefulShutdown::new();
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let next = async { (place.await.ok(), listener.accept().await) };
        let (place, accepted) = tokio::select! {
            // An error means that the agent was dropped, which is a stop as well.
            _ = stopping.wait_for(|stop| *stop) => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(serve(Arc::clone(&door), stream, connections.watcher(), place));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    timeout(STOP_BOUND, connections.shutdown()).await.is_ok()
}

async fn serve(door: Arc<Door>, stream: TcpStream, watcher: Watcher, _place: Option<OwnedSemaphorePermit>) {
    // Without it answers wait for the other side's acknowledgment; serving still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let door = Arc::clone(&door);
        async move { Ok::<_, Infallible>(door.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // A connection that broke has nobody left to be told.
    let _ = watcher.watch(connection).await;
}
