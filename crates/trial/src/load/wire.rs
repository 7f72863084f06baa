//! As little HTTP/1.1 as a load generator needs: one request out, one answer with a `content-length` in.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Largest answer taken, head and body, in bytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// What is read of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    /// The HTTP status.
    pub(super) status: u16,
    /// The return code, when the body begins with one.
    pub(super) code: Option<i32>,
    /// The size of the body.
    pub(super) body_bytes: usize,
}

/// A connection with its buffer.
pub(super) struct Connection {
    addr: SocketAddr,
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// Where the body of the last answer stands in the buffer.
    body: std::ops::Range<usize>,
    spent: bool,
}

impl Connection {
    pub(super) async fn open(addr: SocketAddr) -> io::Result<Self> {
        let stream = connect(addr).await?;
        Ok(Self {
            addr,
            stream,
            buffer: vec![0; MAX_ANSWER_BYTES].into_boxed_slice(),
            body: 0..0,
            spent: false,
        })
    }

    pub(super) async fn reopen(&mut self) -> io::Result<()> {
        self.stream = connect(self.addr).await?;
        self.spent = false;
        Ok(())
    }

    /// Whether the server said that it closes the connection.
    pub(super) const fn is_spent(&self) -> bool {
        self.spent
    }

    /// The body of the last answer that was read whole.
    pub(super) fn body(&self) -> &[u8] {
        self.buffer.get(self.body.clone()).unwrap_or_default()
    }

    /// Sends a whole request and reads the whole answer.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> io::Result<Seen> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let mut head = None;
        loop {
            let slot = self.buffer.get_mut(filled..).filter(|slot| !slot.is_empty());
            let slot = slot.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
            let count = self.stream.read(slot).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += count;
            let bytes = &self.buffer[..filled];
            if head.is_none() {
                head = read_head(bytes)?;
            }
            let Some(head) = &head else { continue };
            let end = head.bytes.saturating_add(head.body_bytes);
            if filled > end {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if filled == end {
                self.spent = head.closes;
                self.body = head.bytes..end;
                let code = read_code(&bytes[head.bytes..]);
                return Ok(Seen { status: head.status, code, body_bytes: head.body_bytes });
            }
        }
    }
}

async fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Head {
    status: u16,
    bytes: usize,
    body_bytes: usize,
    closes: bool,
}

/// The head at the beginning of what was read so far; nothing when it is not complete.
fn read_head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let mut head = Head { status: 0, bytes: 0, body_bytes: 0, closes: false };
    let mut has_length = false;
    loop {
        let rest = &bytes[head.bytes..];
        let Some(length) = rest.iter().position(|b| *b == b'\n') else { return Ok(None) };
        let line = rest[..length].strip_suffix(b"\r").ok_or_else(wrong)?;
        head.bytes += length + 1;
        if line.is_empty() {
            return if has_length && head.status > 0 { Ok(Some(head)) } else { Err(wrong()) };
        }
        if head.status == 0 {
            let digits = line.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3)).ok_or_else(wrong)?;
            head.status = decimal(digits).and_then(|n| u16::try_from(n).ok()).ok_or_else(wrong)?;
        } else if let Some(value) = header(line, b"content-length:") {
            head.body_bytes = decimal(value).ok_or_else(wrong)?;
            has_length = true;
        } else if let Some(value) = header(line, b"connection:") {
            head.closes = value.eq_ignore_ascii_case(b"close");
        }
    }
}

fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let fits = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| digits.iter().fold(0, |value, digit| value * 10 + usize::from(digit - b'0')))
}

/// The return code a body begins with: `{"code":500084,…`.
fn read_code(body: &[u8]) -> Option<i32> {
    let rest = body.strip_prefix(b"{\"code\":")?;
    let (negative, digits) = match rest.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, rest),
    };
    let length = digits.iter().position(|b| !b.is_ascii_digit())?;
    let number = i32::try_from(decimal(&digits[..length])?).ok()?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_when_they_are_whole() {
        let text =
            b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 12\r\nConnection: close\r\n\r\nbody";
        let head = Head { status: 200, bytes: text.len() - 4, body_bytes: 12, closes: true };
        assert_eq!(read_head(text).expect("a head"), Some(head));
        for end in 0..head.bytes {
            assert_eq!(read_head(&text[..end]).expect("no error yet"), None, "{end}");
        }
    }

    #[test]
    fn heads_that_are_none_are_refused() {
        for text in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n",
            "HTTP/1.1 20\r\ncontent-length: 1\r\n\r\n",
            "HTTP/1.0 200 OK\r\n",
            "HTTP/1.1 200 OK\n",
        ] {
            assert!(read_head(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn codes_are_read() {
        assert_eq!(read_code(b"{\"code\":0,\"type\":\"success\"}"), Some(0));
        assert_eq!(read_code(b"{\"code\":-4,"), Some(-4));
        assert_eq!(read_code(b"{\"code\":500319,"), Some(500_319));
        assert_eq!(read_code(b"eeee"), None);
    }
}
