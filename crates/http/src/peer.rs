//! Who is at the other end of a connection, as requests see it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::source_of;
use crate::watch::ConnectionWatch;

/// Where a request came from, put into every request's extensions: the client that a named proxy told of, or else the
/// other end of the connection. IPv4 addresses mapped into IPv6 are unwrapped, so that they compare with the networks an
/// operator writes down.
#[derive(Clone)]
pub struct Peer {
    address: SocketAddr,
    watch: Arc<ConnectionWatch>,
}

impl Peer {
    pub(super) fn new(address: SocketAddr, watch: Arc<ConnectionWatch>) -> Self {
        Self { address: SocketAddr::new(address.ip().to_canonical(), address.port()), watch }
    }

    /// The address; the port is 0 where a proxy did not tell it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address without its port.
    pub fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// By what it is told from others.
    pub fn source(&self) -> IpAddr {
        source_of(self.address.ip())
    }

    /// Somebody on this connection has shown that they may be here: from now on it may idle as kept connections do.
    pub fn prove(&self) {
        self.watch.prove();
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({})", self.address)
    }
}
