//! The listeners: sockets in front, an [`axum::Router`] behind.
//!
//! Each face of the center (institution, channel; later insured and console) is one [`Listener`], bound from
//! [`ListenSettings`] and run by [`Server::start`]. A site may open all of them in one process or each in a
//! process of its own network zone; nothing here knows which face it serves.
//!
//! # What is guaranteed
//!
//! * **No plain HTTP by accident.** The specification allows HTTP and HTTPS, but an address that is not
//!   loopback and has no certificate is refused until the operator switches `plain_http` on ([`BindError`]).
//! * **A bound on everything a stranger can hold.** Connections are counted, in all and by source address. A source
//!   that has all it may have is told 503; when the listener has, the kept connection that idles longest is closed for the
//!   new one, those first on which nobody has proven anything, and only when all are at work the new one is told 503
//!   (reading, E11). A handshake, a request's head, an idle connection and one without a proven request each have a
//!   deadline, kept by the connection's own timer, so that a busy connection pays nothing for it. The body's bound and
//!   deadline are [`read_body`]'s, because only the operation knows how much it wants to read; what all bodies together
//!   may take before they are opened is a [`Bodies`].
//! * **One source address, not many.** Whoever has an IPv6 network has as many addresses as it likes: sources are told
//!   apart by the first 64 bits there ([`source_of`]). Behind a proxy everybody would be one; what a proxy says about
//!   its client is believed of those proxies only that the configuration names ([`Proxies`], decision 29).
//! * **What the other end's closing does is always the same.** A client that has sent its request and closes its
//!   sending side gets its answer, whenever the news of that arrives.
//! * **A stop that is polite and finite.** [`Server::stop`] closes the listening socket and every idle
//!   connection at once, lets requests in progress finish, and cuts what is left at the deadline, counting it.
//!
//! # What is not
//!
//! Time to answer is not bounded here: a status query may be held for half a minute on purpose. What a proven caller
//! may take is bounded by account, where the operations are. HTTP/1.1 only.
//!
//! The way of a request costs no lock here, and no allocation but the boxed body and the entry for [`Peer`].

mod body;
mod connection;
mod door;
mod forwarded;
mod peer;
mod proxy;
mod refuse;
mod server;
mod source;
mod stream;
mod tls;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub use body::{Bodies, BodyError, Room, read_body};
pub use forwarded::{ClientAddress, Proxies};
pub use peer::Peer;
pub use refuse::{MAX_REFUSALS, REFUSAL_PATIENCE};
pub(crate) use server::Counters;
pub use server::{ACCEPT_PAUSE, Server, Stopped, Traffic};
pub use source::source_of;

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
    /// Of them, those of one source address ([`source_of`]).
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

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Plain HTTP on an address other machines can reach, and not switched on.
    #[error(
        "监听口 {name} 的地址 {address} 不是本机回环地址，又没有配置证书：明文 HTTP 会让其他机器看到报文。\
         请设置 tls_certificate 和 tls_key；若确实由前置设备卸载 TLS，请设置 plain_http = true"
    )]
    PlainOutsideLoopback {
        /// The listener.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
    },
    /// A PEM file cannot be read, or holds no certificate or key.
    #[error("监听口 {name}：无法读取 PEM 文件 {}", .path.display())]
    Pem {
        /// The listener.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not make a TLS server, for instance because they do not belong together.
    #[error("监听口 {name}：证书与私钥不能使用")]
    Tls {
        /// The listener.
        name: &'static str,
        /// What rustls said.
        source: rustls::Error,
    },
    /// The address is taken, not this machine's, or not permitted.
    #[error("监听口 {name}：无法监听 {address}")]
    Address {
        /// The listener.
        name: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A bound socket that nobody is served on yet: clients that connect wait in the system's queue.
///
/// Binding and serving are two steps so that a process can take all its addresses, fail for all of them at
/// once, and only then begin.
pub struct Listener {
    name: &'static str,
    address: SocketAddr,
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    proxies: Arc<Proxies>,
}

impl Listener {
    /// Binds the address and loads the certificate.
    ///
    /// # Errors
    /// [`BindError`]: plain HTTP where it is not allowed, unusable PEM files, an address that cannot be bound.
    pub async fn bind(settings: ListenSettings) -> Result<Self, BindError> {
        let ListenSettings { name, address, .. } = settings;
        if settings.is_plain_outside_loopback() && !settings.plain_http {
            return Err(BindError::PlainOutsideLoopback { name, address });
        }
        let tls = settings.tls.map(|files| tls::acceptor(name, &files)).transpose()?;
        let failed = |source| BindError::Address { name, address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { name, address, socket, tls, proxies: Arc::new(settings.proxies) })
    }

    /// The address really bound: with port 0, the port the system chose.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
