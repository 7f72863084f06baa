//! The bytes of one connection, and where connections come from: the system's, or what somebody hands in.
//!
//! A process serves and calls over TCP. A world in memory, in which hours pass in seconds, has streams and ends of its own:
//! they go the same way from here on, so that what is tried there is what is run.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::byte_stream::byte_stream;

/// A stream of bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One connection, before encryption.
pub enum Socket {
    /// The system's.
    Tcp(TcpStream),
    /// Somebody's own.
    Given(Box<dyn Duplex>),
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Socket(TCP)",
            Self::Given(_) => "Socket(given)",
        })
    }
}

impl Socket {
    /// Sends what is written at once. A stream that is no socket has nothing to wait for.
    ///
    /// # Errors
    /// When the system refuses the option.
    pub fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nodelay(true),
            Self::Given(_) => Ok(()),
        }
    }
}

/// What connections are waited for with.
pub type Accepting<'a> = Pin<Box<dyn Future<Output = io::Result<(Socket, SocketAddr)>> + Send + 'a>>;

/// Somebody's own end at which connections arrive.
pub trait Accept: Send {
    /// The next connection, and from where. Dropped before it is ready it has taken none.
    fn accept(&mut self) -> Accepting<'_>;

    /// Where others reach it.
    fn address(&self) -> SocketAddr;
}

/// A bound end at which connections arrive.
pub enum Bound {
    /// The system's.
    Tcp(TcpListener),
    /// Somebody's own.
    Given(Box<dyn Accept>),
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bound")
    }
}

impl Bound {
    /// Binds an address of this machine.
    ///
    /// # Errors
    /// When the system refuses it.
    pub async fn tcp(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self::Tcp)
    }

    /// Where others reach it: with port 0 asked for, the one that was given.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            Self::Given(given) => Ok(given.address()),
        }
    }

    /// The next connection, and from where.
    pub(crate) async fn accept(&mut self) -> io::Result<(Socket, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                Ok((Socket::Tcp(stream), address))
            }
            Self::Given(given) => given.accept().await,
        }
    }
}

byte_stream!(Socket: Tcp, Given);
