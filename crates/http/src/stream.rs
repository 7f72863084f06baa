//! The two kinds of byte stream a connection runs over, and a stream that notes when bytes arrive.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::byte_stream::byte_stream;
use crate::socket::Socket;

/// A connection's bytes, before or after encryption was taken off. One type for both, so that the whole HTTP
/// machinery is compiled once.
pub(super) enum Stream {
    Plain(Socket),
    /// Boxed: its buffers would make every plain connection a kilobyte larger.
    Tls(Box<TlsStream<Socket>>),
}

impl Stream {
    /// Shakes hands where the listener has a certificate. The deadline is the caller's.
    pub(super) async fn open(socket: Socket, tls: Option<&TlsAcceptor>) -> io::Result<Self> {
        match tls {
            None => Ok(Self::Plain(socket)),
            Some(acceptor) => Ok(Self::Tls(Box::new(acceptor.accept(socket).await?))),
        }
    }
}

byte_stream!(Stream: Plain, Tls);

/// A stream that calls `arrived` whenever bytes were read from it.
pub(super) struct WatchedStream<F> {
    pub(super) stream: Stream,
    pub(super) arrived: F,
}

impl<F: Fn() + Unpin> AsyncRead for WatchedStream<F> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            (this.arrived)();
        }
        read
    }
}

impl<F: Fn() + Unpin> AsyncWrite for WatchedStream<F> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
