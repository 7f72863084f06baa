//! A server for tests that does what it is told, also what no HTTP library would do: hang, reset, talk garbage.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// How many requests the server had got before, over all connections.
    pub(crate) nth: usize,
    /// Request line and headers.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Bytes,
}

/// What to do with it.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answer, and keep the connection.
    Answer(u16, String),
    /// Answer as if the connection stayed open, then close it.
    AnswerAndClose(u16, String),
    /// Write these bytes and close.
    Raw(Vec<u8>),
    /// Never answer.
    Hang,
    /// Reset the connection.
    Reset,
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    _accepting: JoinSet<()>,
}

impl Peer {
    /// A server on a free loopback port that decides by `act`.
    pub(crate) async fn start(act: impl Fn(Asked) -> Act + Send + Sync + 'static) -> Self {
        Self::listen(None, Arc::new(act)).await
    }

    /// The same over TLS.
    pub(crate) async fn start_tls(
        acceptor: TlsAcceptor,
        act: impl Fn(Asked) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(acceptor), Arc::new(act)).await
    }

    async fn listen(acceptor: Option<TlsAcceptor>, act: Arc<dyn Fn(Asked) -> Act + Send + Sync>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(AtomicUsize::new(0));
        let connections = Arc::new(AtomicUsize::new(0));
        let (seen, opened) = (Arc::clone(&requests), Arc::clone(&connections));
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::SeqCst);
                serving.spawn(serve(stream, acceptor.clone(), Arc::clone(&seen), Arc::clone(&act)));
            }
        });
        Self { address, requests, connections, _accepting: accepting }
    }

    /// The URL of a path on this server.
    pub(crate) fn url(&self, path: &str) -> http::Uri {
        format!("http://{}{path}", self.address).parse().expect("a URL")
    }

    /// Requests got so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// An address nobody listens on.
pub(crate) async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address")
}

async fn serve(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    seen: Arc<AtomicUsize>,
    act: Arc<dyn Fn(Asked) -> Act + Send + Sync>,
) {
    // Reset needs the socket itself: with no time to linger, closing it is a reset.
    match acceptor {
        None => {
            let mut stream = stream;
            if let Ok(Act::Reset) = talk(&mut stream, &seen, &*act).await {
                stream.set_zero_linger().expect("a socket");
            }
        }
        Some(acceptor) => {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ended = talk(&mut stream, &seen, &*act).await;
            }
        }
    }
}

/// Serves requests until the connection ends; what it ended with.
async fn talk(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    seen: &AtomicUsize,
    act: &(dyn Fn(Asked) -> Act + Send + Sync),
) -> std::io::Result<Act> {
    loop {
        let (head, body) = read_request(stream).await?;
        let nth = seen.fetch_add(1, Ordering::SeqCst);
        let act = act(Asked { nth, head, body });
        match &act {
            Act::Answer(status, body) => stream.write_all(&answer(*status, body)).await?,
            Act::AnswerAndClose(status, body) => {
                stream.write_all(&answer(*status, body)).await?;
                return Ok(act);
            }
            Act::Raw(bytes) => {
                stream.write_all(bytes).await?;
                return Ok(act);
            }
            Act::Hang => std::future::pending().await,
            Act::Reset => return Ok(act),
        }
    }
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nlocation: /elsewhere\r\n\r\n{body}", body.len())
        .into_bytes()
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(String, Bytes)> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        read_more(stream, &mut read).await?;
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |digits| digits.parse().expect("a length"));
    while read.len() < end + length {
        read_more(stream, &mut read).await?;
    }
    Ok((head, Bytes::copy_from_slice(&read[end..end + length])))
}

async fn read_more(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> std::io::Result<()> {
    if stream.read_buf(read).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
