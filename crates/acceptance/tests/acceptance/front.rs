//! A front as a host has one: it takes away what stands before a suite's paths and passes on everything else, also how a
//! connection ends.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Bytes of the longest head.
const MAX_HEAD: usize = 16 * 1024;

/// A listening front; dropped, it listens no longer.
pub(crate) struct Front(JoinHandle<()>);

impl Front {
    /// Passes what begins with `prefix` on to `suite`.
    pub(crate) fn start(listener: TcpListener, prefix: &'static str, suite: SocketAddr) -> Self {
        Self(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, prefix, suite));
            }
        }))
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One request a connection: what comes next would have a prefix again.
async fn pass(mut outside: TcpStream, prefix: &str, suite: SocketAddr) {
    let mut head = Vec::new();
    let end = loop {
        if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 2;
        }
        if head.len() > MAX_HEAD || !matches!(outside.read_buf(&mut head).await, Ok(1..)) {
            return;
        }
    };
    let rest = head.split_off(end);
    let text = String::from_utf8(head).expect("a head of ASCII");
    let Some((method, path)) =
        text.split_once(' ').and_then(|(method, rest)| Some((method, rest.strip_prefix(prefix)?)))
    else {
        // A browser asks for a picture of the site, which is not the suite's.
        let _ = outside
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await;
        return;
    };
    // A suite that is behind a front does not learn by which name it was called.
    let lines = path.lines().filter(|line| !line.to_ascii_lowercase().starts_with("host:"));
    let head = lines.collect::<Vec<_>>().join("\r\n");
    let head = format!("{method} {head}\r\nhost: inside\r\nconnection: close\r\n");
    let mut inside = TcpStream::connect(suite).await.expect("the suite");
    inside.write_all(&[head.as_bytes(), &rest].concat()).await.expect("sent");
    if tokio::io::copy_bidirectional(&mut outside, &mut inside).await.is_err() {
        let _ = outside.set_zero_linger();
    }
}
