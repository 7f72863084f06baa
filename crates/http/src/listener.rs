//! A bound socket.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;

use crate::bind_error::BindError;
use crate::forwarded::Proxies;
use crate::settings::ListenSettings;
use crate::socket::Bound;
use crate::tls;

/// A bound socket that nobody is served on yet: clients that connect wait in the system's queue.
///
/// Binding and serving are two steps so that a process can take all its addresses, fail for all of them at
/// once, and only then begin.
pub struct Listener {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    pub(super) socket: Bound,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) proxies: Arc<Proxies>,
}

impl Listener {
    /// Binds the address and loads the certificate.
    ///
    /// # Errors
    /// [`BindError`]: plain HTTP where it is not allowed, unusable PEM files, an address that cannot be bound.
    pub async fn bind(settings: ListenSettings) -> Result<Self, BindError> {
        Self::bind_by(settings, Bound::tcp).await
    }

    /// The same with an address that `bind` binds.
    ///
    /// # Errors
    /// The same.
    pub async fn bind_by<F>(
        settings: ListenSettings,
        bind: impl FnOnce(SocketAddr) -> F,
    ) -> Result<Self, BindError>
    where
        F: Future<Output = io::Result<Bound>>,
    {
        let ListenSettings { name, address, .. } = settings;
        if settings.is_plain_outside_loopback() && !settings.plain_http {
            return Err(BindError::PlainOutsideLoopback { name, address });
        }
        let tls = settings.tls.map(|files| tls::acceptor(name, &files)).transpose()?;
        let failed = |source| BindError::Address { name, address, source };
        let socket = bind(address).await.map_err(failed)?;
        let address = socket.address().map_err(failed)?;
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
