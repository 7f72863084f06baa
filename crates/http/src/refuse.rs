//! Telling a client that there is no room (reading, E11).
//!
//! A refusal is work too, so it is bounded as well: so many at a time, each with a deadline, and whoever
//! comes when even these are taken is closed without a word.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;

use crate::socket::Socket;
use crate::stream::Stream;

/// Refusals in progress at the same time, per listener.
pub const MAX_REFUSALS: usize = 64;

/// The time a refused client has to shake hands and to take its answer.
pub const REFUSAL_PATIENCE: Duration = Duration::from_secs(1);

/// What a refused client may still send before it is closed, in bytes: one full envelope and its head.
const MAX_DRAINED: usize = 96 * 1024;

/// Why there is no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoRoom {
    /// Every connection the listener may have is at work.
    Listener,
    /// The source address has all it may have.
    Source,
}

impl NoRoom {
    const fn answer(self) -> &'static str {
        match self {
            Self::Listener => concat!(
                "HTTP/1.1 503 Service Unavailable\r\n",
                "content-type: text/plain; charset=utf-8\r\n",
                "content-length: 40\r\n",
                "retry-after: 1\r\n",
                "connection: close\r\n",
                "\r\n",
                "连接数已达上限，请稍后重试\n",
            ),
            Self::Source => concat!(
                "HTTP/1.1 503 Service Unavailable\r\n",
                "content-type: text/plain; charset=utf-8\r\n",
                "content-length: 101\r\n",
                "retry-after: 1\r\n",
                "connection: close\r\n",
                "\r\n",
                "该来源地址的连接数已达上限，请复用连接（Connection: keep-alive）或稍后重试\n",
            ),
        }
    }
}

/// Answers 503 and closes. It cannot fail in a way anybody could use.
pub(super) async fn refuse(socket: Socket, tls: Option<TlsAcceptor>, why: NoRoom) {
    // A client that does not take the answer in time has lost it.
    let _ = tokio::time::timeout(REFUSAL_PATIENCE, answer(socket, tls, why)).await;
}

async fn answer(socket: Socket, tls: Option<TlsAcceptor>, why: NoRoom) -> io::Result<()> {
    let mut stream = Stream::open(socket, tls.as_ref()).await?;
    let mut left = why.answer().as_bytes();
    while !left.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut stream).poll_write(cx, left)).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        left = &left[written..];
    }
    poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx)).await?;
    // Closing a socket with unread bytes resets it, and the reset can overtake the answer.
    drain(&mut stream).await
}

async fn drain(stream: &mut Stream) -> io::Result<()> {
    let mut space = [0; 1024];
    let mut drained = 0;
    while drained < MAX_DRAINED {
        let mut buffer = ReadBuf::new(&mut space);
        poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut buffer)).await?;
        if buffer.filled().is_empty() {
            break;
        }
        drained += buffer.filled().len();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::NoRoom;

    #[test]
    fn the_answers_announce_their_length() {
        for why in [NoRoom::Listener, NoRoom::Source] {
            let (head, body) = why.answer().split_once("\r\n\r\n").expect("a head and a body");
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        }
    }
}
