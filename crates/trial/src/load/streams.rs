//! Event streams in numbers: opens as many as asked for, and times how long one event takes to all of them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use yanmi_simulator::MOST_STREAMS;
use yanmi_simulator::outgoing::Caller;

/// Streams opened at a time, so that the server's queue of connections is not overrun.
const OPENING: usize = 128;
/// How long opening one, and an event to all, may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// Most that is read of a stream before what is looked for must have come.
const MOST_READ: usize = 1024 * 1024;

/// Open streams, each past its beginning.
#[derive(Debug)]
pub struct Streams {
    addr: SocketAddr,
    open: Vec<TcpStream>,
}

impl Streams {
    /// Opens streams to a simulator and reads each up to how things stand.
    ///
    /// # Errors
    /// When there are to be none or more than [`MOST_STREAMS`], or one does not open.
    pub async fn open(addr: SocketAddr, count: usize) -> io::Result<Self> {
        if !(1..=MOST_STREAMS).contains(&count) {
            let text = format!("事件流应在 1 至 {MOST_STREAMS} 个之间");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let places = Arc::new(Semaphore::new(OPENING));
        let mut opening = JoinSet::new();
        for _ in 0..count {
            let places = Arc::clone(&places);
            opening.spawn(async move {
                // Never closed.
                let _place = places.acquire_owned().await;
                tokio::time::timeout(PATIENCE, open(addr)).await?
            });
        }
        let mut streams = Self { addr, open: Vec::with_capacity(count) };
        while let Some(opened) = opening.join_next().await {
            streams.open.push(opened.map_err(io::Error::other)??);
        }
        Ok(streams)
    }

    /// How long an event takes to reach every stream, from the request that causes it.
    ///
    /// # Errors
    /// When it does not reach one of them.
    pub async fn time_one_event(&mut self) -> io::Result<Duration> {
        let url = format!("http://{}/national/mood", self.addr);
        let body = "{\"mood\":\"ok\"}";
        let started = Instant::now();
        let mut reading = JoinSet::new();
        for mut stream in self.open.drain(..) {
            reading.spawn(async move { read_to(&mut stream, b"event: moods\n").await.map(|()| stream) });
        }
        Caller::new().post(&url, body.into(), PATIENCE).await.map_err(io::Error::other)?;
        let all = async {
            let mut streams = Vec::new();
            while let Some(read) = reading.join_next().await {
                streams.push(read.map_err(io::Error::other)??);
            }
            io::Result::Ok(streams)
        };
        self.open = tokio::time::timeout(PATIENCE, all).await??;
        Ok(started.elapsed())
    }
}

async fn open(addr: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(format!("GET /events HTTP/1.1\r\nhost: {addr}\r\n\r\n").as_bytes()).await?;
    read_to(&mut stream, b"event: scene\n").await?;
    Ok(stream)
}

/// Reads until these bytes have come.
async fn read_to(stream: &mut TcpStream, words: &[u8]) -> io::Result<()> {
    let mut seen = Vec::new();
    while seen.len() < MOST_READ {
        if stream.read_buf(&mut seen).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if seen.windows(words.len()).any(|part| part == words) {
            return Ok(());
        }
    }
    Err(io::ErrorKind::FileTooLarge.into())
}
