//! A connection to the center over which a test says exactly what it wants said.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// One connection, kept open from request to request.
pub(crate) struct Wire<S = TcpStream> {
    stream: S,
    /// What was read and belongs to the next message.
    rest: Vec<u8>,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The member `code` of the body.
    pub(crate) fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap_or_else(|| panic!("no code: {self:?}"))
    }

    /// The member `message` of the body.
    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_else(|| panic!("no message: {self:?}")).to_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The value of a header, its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Whether the connection ends with this answer.
    pub(crate) fn is_last(&self) -> bool {
        self.header("connection") == Some("close")
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.expect("a connection"))
    }

    /// A connection that comes from this address.
    pub(crate) async fn between(source: IpAddr, address: SocketAddr) -> Self {
        let socket =
            if source.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.expect("a socket");
        socket.bind(SocketAddr::new(source, 0)).expect("an address of this machine");
        Self::over(socket.connect(address).await.expect("a connection"))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, rest: Vec::new() }
    }

    /// One request with its length, and its answer.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(&request(method, path, body.as_ref())).await;
        self.answer().await.expect("an answer")
    }

    pub(crate) async fn post(&mut self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.ask("POST", path, body).await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Says that nothing more will come, and still listens.
    pub(crate) async fn finish(&mut self) {
        self.stream.shutdown().await.expect("said");
    }

    /// The head of the next answer, and its body, whatever it is.
    pub(crate) async fn answer_bytes(&mut self) -> io::Result<(String, Vec<u8>)> {
        read_message(&mut self.stream, &mut self.rest).await
    }

    /// The next answer; an error when the connection ends before it is whole.
    pub(crate) async fn answer(&mut self) -> io::Result<Answer> {
        let (head, body) = self.answer_bytes().await?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {head}"));
        Ok(Answer { status, head, body: String::from_utf8(body).expect("answers are text") })
    }
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut out =
        format!("{method} {path} HTTP/1.1\r\nhost: t\r\ncontent-length: {length}\r\n\r\n").into_bytes();
    out.extend_from_slice(body);
    out
}

/// Head and body of the next message, request or answer; `rest` holds what was read too far.
pub(crate) async fn read_message(
    stream: &mut (impl AsyncRead + Unpin),
    rest: &mut Vec<u8>,
) -> io::Result<(String, Vec<u8>)> {
    let end = loop {
        if let Some(at) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        read_more(stream, rest).await?;
    };
    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
    let length = header(&head, "content-length").map_or(0, |digits| digits.parse().expect("a length"));
    while rest.len() < end + length {
        read_more(stream, rest).await?;
    }
    let tail = rest.split_off(end + length);
    let body = std::mem::replace(rest, tail).split_off(end);
    Ok((head, body))
}

async fn read_more(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> io::Result<()> {
    if stream.read_buf(read).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
