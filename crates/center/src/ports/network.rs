//! How others are reached, and reach this center.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use tokio::net::{TcpStream, UdpSocket};
use yanmi_http::{Bound, Socket};

type Answering<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// The network: the system's, or a test's. Clones are the same network.
#[derive(Clone)]
pub struct Network {
    resolve: Arc<dyn Fn(String, u16) -> Answering<Vec<SocketAddr>> + Send + Sync>,
    dial: Arc<dyn Fn(SocketAddr) -> Answering<Socket> + Send + Sync>,
    datagram: Arc<dyn Fn(SocketAddr, Vec<u8>) -> Answering<()> + Send + Sync>,
    bind: Arc<dyn Fn(SocketAddr) -> Answering<Bound> + Send + Sync>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl Network {
    /// The system's.
    pub fn system() -> Self {
        Self {
            resolve: Arc::new(|host, port| {
                Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
            }),
            dial: Arc::new(|address| {
                Box::pin(async move { TcpStream::connect(address).await.map(Socket::Tcp) })
            }),
            datagram: Arc::new(|address, bytes| Box::pin(send_datagram(address, bytes))),
            bind: Arc::new(|address| Box::pin(Bound::tcp(address))),
        }
    }

    /// The same, with names resolved by `resolve`: the addresses of a host and port.
    #[must_use]
    pub fn resolving<F>(self, resolve: impl Fn(String, u16) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        Self { resolve: Arc::new(move |host, port| Box::pin(resolve(host, port))), ..self }
    }

    /// The same, with connections made by `dial`.
    #[must_use]
    pub fn dialing<F>(self, dial: impl Fn(SocketAddr) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Socket>> + Send + 'static,
    {
        Self { dial: Arc::new(move |address| Box::pin(dial(address))), ..self }
    }

    /// The same, but that connections to what `refuses` says are not made.
    #[must_use]
    pub fn refusing(self, refuses: impl Fn(SocketAddr) -> bool + Send + Sync + 'static) -> Self {
        let dial = self.dial;
        let dial = move |address: SocketAddr| -> Answering<Socket> {
            if refuses(address) {
                let why = "this address is not called from here";
                Box::pin(async move { Err(io::Error::new(io::ErrorKind::PermissionDenied, why)) })
            } else {
                dial(address)
            }
        };
        Self { dial: Arc::new(dial), ..self }
    }

    /// The same, with addresses listened on by `bind`.
    #[must_use]
    pub fn binding<F>(self, bind: impl Fn(SocketAddr) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Bound>> + Send + 'static,
    {
        Self { bind: Arc::new(move |address| Box::pin(bind(address))), ..self }
    }

    /// The addresses of a host.
    pub(crate) async fn look_up(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        (self.resolve)(host, port).await
    }

    /// A connection to an address.
    ///
    /// # Errors
    /// What the network says, or that the address is refused.
    pub async fn dial(&self, address: SocketAddr) -> io::Result<Socket> {
        (self.dial)(address).await
    }

    /// Sends one datagram to an address.
    pub(crate) async fn send_datagram(&self, address: SocketAddr, bytes: Vec<u8>) -> io::Result<()> {
        (self.datagram)(address, bytes).await
    }

    /// An address to be listened on.
    pub(crate) async fn bind(&self, address: SocketAddr) -> io::Result<Bound> {
        (self.bind)(address).await
    }
}

/// From any port of the system's choice.
async fn send_datagram(address: SocketAddr, bytes: Vec<u8>) -> io::Result<()> {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.send_to(&bytes, address).await.map(drop)
}
