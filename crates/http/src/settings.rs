//! What a listener is told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::forwarded::Proxies;

/// Where a face listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListenSettings {
    /// The face's name in the configuration, for log lines and errors: `institution`, `channel`.
    pub name: &'static str,
    /// The address; port 0 takes any free one.
    pub address: SocketAddr,
    /// Certificate and key; without them the listener speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Whether plain HTTP is allowed on an address that is not loopback.
    pub plain_http: bool,
    /// The proxies in front of it, and how they say who their client is.
    pub proxies: Proxies,
}

impl ListenSettings {
    /// Whether this listener would carry plain HTTP to other machines.
    pub fn is_plain_outside_loopback(&self) -> bool {
        self.tls.is_none() && !self.address.ip().to_canonical().is_loopback()
    }
}

/// The two PEM files of a TLS listener.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// The certificate chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// What a listener lets strangers hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerLimits {
    /// Connections open at the same time.
    pub connections: usize,
    /// Of them, those of one source address ([`crate::source_of`]).
    pub connections_per_source: usize,
    /// From accepting to the end of the TLS handshake.
    pub handshake: Duration,
    /// From a request's first byte (on a new connection, from its opening) to the end of its head.
    pub header: Duration,
    /// From one request's answer to the next request's first byte. It also bounds how long a client may take
    /// to fetch an answer that has already been made.
    pub keep_alive: Duration,
    /// How long a connection may be without a proven request on it, but for requests being served.
    pub unproven: Duration,
}
