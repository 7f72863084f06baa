//! Serving, from the start to a stop that lets what is being answered finish.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Request;
use yanmi_client::{Ambient, Desk};
use yanmi_http::{ListenSettings, Listener, Peer, Proxies, Server, ServerLimits};
use zeroize::Zeroizing;

use crate::config::AgentConfig;
use crate::door::Door;
use crate::failure::StartError;
use crate::guard::Hosts;
use crate::keys::Keys;
use crate::office::Office;
use crate::operation;
use crate::pool::Pool;
use crate::service::Service;

/// Connections served at once; when there are more, the one that idles longest makes room.
pub const MAX_CONNECTIONS: usize = 512;
/// How long a client may take to send the head of a request, and a connection may lie idle.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a stop waits for what is being answered. A notice on its way takes as long as the center lets it.
pub const STOP_BOUND: Duration = Duration::from_secs(10);

/// Nobody but programs of this machine connects, all from one address.
const LIMITS: ServerLimits = ServerLimits {
    connections: MAX_CONNECTIONS,
    connections_per_source: MAX_CONNECTIONS,
    handshake: PATIENCE,
    header: PATIENCE,
    keep_alive: PATIENCE,
    unproven: PATIENCE,
};

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    address: SocketAddr,
    office: Arc<Office>,
    server: Server,
}

impl Agent {
    /// Opens the desk and listens. Dropping the agent stops it at once.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: &AgentConfig, ambient: Arc<dyn Ambient>) -> Result<Self, StartError> {
        let office = Arc::new(Office::open(config, ambient)?);
        let settings = ListenSettings {
            name: "agent",
            address: config.listen,
            tls: None,
            plain_http: config.allow_remote,
            proxies: Proxies::default(),
        };
        let listener = Listener::bind(settings).await.map_err(StartError::Listen)?;
        let address = listener.addr();
        office.reached_at(address);
        let service = Service::new(Arc::clone(&office), Pool::of_the_runtime());
        let router = router(service, Hosts::new(address, &config.hosts));
        Ok(Self { address, office, server: Server::start(listener, router, LIMITS) })
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
        self.office.stop();
        self.server.stop(STOP_BOUND).await.cut == 0
    }
}

/// The agent's interface over a desk that somebody else has opened, without a listener: for a program that has an agent within itself.
/// Requests come from [`AgentConfig::listen`], as far as their `Host` says, and with this token. A call blocks the thread that has its
/// request polled until the desk has done it; a body is read in a runtime with time.
pub fn interface(config: &AgentConfig, desk: Desk, token: &str, ambient: Arc<dyn Ambient>) -> Router {
    let keys = Keys::of(Zeroizing::new(token.to_owned()));
    let office = Arc::new(Office::over(config, desk, keys, ambient));
    office.reached_at(config.listen);
    router(Service::new(office, Pool::of_the_caller()), Hosts::new(config.listen, &config.hosts))
}

fn router(service: Service, hosts: Hosts) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(Door::new(service, hosts)))
}

/// Everybody on this machine is alike: each request answered is a reason to keep the connection.
async fn answer(State(door): State<Arc<Door>>, request: Request<Body>) -> Response {
    if let Some(peer) = request.extensions().get::<Peer>() {
        peer.prove();
    }
    door.answer(request).await.into_response()
}
