//! HTTP/1.1 as the parties around a center speak it: requests and answers with a length.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout_at};

use crate::network::{End, Host, WorldNetwork};

/// Connections a caller keeps for its next requests, and how old they get: what was wrong with a line when one was made is felt as
/// long as it is used.
const KEPT: usize = 4;
const KEPT_FOR: Duration = Duration::from_secs(30);
/// The longest message that is read.
const MAX_MESSAGE: usize = 256 * 1024;

/// A head, and the body behind it.
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The path of a request.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.head.split(' ').nth(1)?.parse().ok()
    }

    /// Whether the connection ends with this answer.
    fn is_last(&self) -> bool {
        header(&self.head, "connection") == Some("close")
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A connection, and what was read of it too far.
pub(crate) struct Wire {
    end: End,
    rest: Vec<u8>,
    made: Instant,
}

impl Wire {
    pub(crate) fn over(end: End) -> Self {
        Self { end, rest: Vec::new(), made: Instant::now() }
    }

    /// The next message.
    pub(crate) async fn read(&mut self) -> io::Result<Message> {
        let end = loop {
            if let Some(at) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
        };
        let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        let length: usize =
            header(&head, "content-length").and_then(|digits| digits.parse().ok()).unwrap_or(0);
        if length > MAX_MESSAGE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        while self.rest.len() < end + length {
            self.read_more().await?;
        }
        let tail = self.rest.split_off(end + length);
        let body = std::mem::replace(&mut self.rest, tail).split_off(end);
        Ok(Message { head, body })
    }

    /// Whether nothing has come that nobody asked for: the end of the connection above all.
    fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        Pin::new(&mut self.end).poll_read(&mut Context::from_waker(Waker::noop()), &mut byte).is_pending()
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.rest.len() > MAX_MESSAGE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        match self.end.read_buf(&mut self.rest).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Answers a request.
    pub(crate) async fn answer(&mut self, status: u16, body: &str) -> io::Result<()> {
        let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.end.write_all(answer.as_bytes()).await
    }

    async fn ask(&mut self, path: &str, body: &str) -> io::Result<Message> {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: center\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.end.write_all(request.as_bytes()).await?;
        self.read().await
    }
}

/// Whoever calls the centers, and keeps connections. Of several centers each is called in its turn, as by way of a distributor; one where
/// nobody listens is passed over. What got no answer is not said again here: whoever asks decides that, and knows
/// that it was said twice.
#[derive(Clone)]
pub(crate) struct Caller(Arc<CallerState>);

struct CallerState {
    network: WorldNetwork,
    from: Host,
    to: Vec<SocketAddr>,
    turn: AtomicUsize,
    kept: Mutex<Vec<(SocketAddr, Wire)>>,
}

impl Caller {
    pub(crate) fn new(network: &WorldNetwork, from: Host, to: Vec<SocketAddr>) -> Self {
        let (network, turn) = (network.clone(), AtomicUsize::new(0));
        Self(Arc::new(CallerState { network, from, to, turn, kept: Mutex::default() }))
    }

    /// Posts a body; nothing when there was no answer within this time.
    pub(crate) async fn post(&self, path: &str, body: &str, within: Duration) -> Option<Message> {
        let until = Instant::now() + within;
        let first = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let to = self.0.to[first % self.0.to.len()];
        if let Some(mut wire) = self.kept(to) {
            let answer = timeout_at(until, wire.ask(path, body)).await.ok()?.ok()?;
            return Some(self.keep(to, wire, answer));
        }
        let fresh = async {
            let (to, end) = self.dial(first).await?;
            let mut wire = Wire::over(end);
            let answer = wire.ask(path, body).await?;
            io::Result::Ok((to, wire, answer))
        };
        let (to, wire, answer) = timeout_at(until, fresh).await.ok()?.ok()?;
        Some(self.keep(to, wire, answer))
    }

    /// A connection to the first of them that listens.
    async fn dial(&self, first: usize) -> io::Result<(SocketAddr, End)> {
        let mut refused = io::ErrorKind::ConnectionRefused.into();
        for next in 0..self.0.to.len() {
            let to = self.0.to[(first + next) % self.0.to.len()];
            match self.0.network.dial(self.0.from, to).await {
                Ok(end) => return Ok((to, end)),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// A connection that was made lately, and that the other side has not closed.
    fn kept(&self, to: SocketAddr) -> Option<Wire> {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain_mut(|(_, wire)| wire.made.elapsed() < KEPT_FOR && wire.is_open());
        let at = kept.iter().rposition(|(other, _)| *other == to)?;
        Some(kept.remove(at).1)
    }

    fn keep(&self, to: SocketAddr, wire: Wire, answer: Message) -> Message {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !answer.is_last() && kept.len() < KEPT {
            kept.push((to, wire));
        }
        answer
    }
}
