//! The PROXY protocol, version 2: twelve bytes nobody would begin HTTP with, a version, and whose connection it is.
//!
//! It is read of named proxies only whose operator says that they speak it, never guessed: whoever may send it says who
//! they are. It stands before the TLS handshake and is read to its last byte and not beyond.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const HEAD: usize = 16;
/// The most that may follow the head, in bytes: addresses (36) and the additions of all proxies known of, of which the
/// largest is a client's certificate name. Nothing of the additions is looked at.
const MAX_REST: usize = 1_024;

/// What a proxy says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ProxyWord {
    /// The connection is this client's.
    Client(SocketAddr),
    /// The connection is the proxy's own, or comes from where there are no addresses.
    Own,
}

/// Reads what stands before the first byte of the client.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<ProxyWord> {
    let mut head = [0; HEAD];
    stream.read_exact(&mut head).await?;
    let (kind, length) = head_of(&head).ok_or(io::ErrorKind::InvalidData)?;
    let mut rest = [0; MAX_REST];
    let rest = rest.get_mut(..length).ok_or(io::ErrorKind::InvalidData)?;
    stream.read_exact(rest).await?;
    told(kind, rest).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Command and family in one, and the length of the rest.
fn head_of(head: &[u8; HEAD]) -> Option<((u8, u8), usize)> {
    let rest = head.strip_prefix(&SIGNATURE)?;
    let [command, family, high, low] = *rest else { return None };
    // The upper half is the version.
    (command >> 4 == 2).then_some(((command & 0xF, family), usize::from(u16::from_be_bytes([high, low]))))
}

fn told((command, family): (u8, u8), rest: &[u8]) -> Option<ProxyWord> {
    match (command, family) {
        // LOCAL, a proxy's own look whether somebody is there; unspecified, and sockets of one machine.
        (0, _) | (1, 0x00 | 0x31) => Some(ProxyWord::Own),
        // PROXY, over TCP and IPv4 or IPv6.
        (1, 0x11) => {
            let (source, port) = (rest.first_chunk::<4>()?, rest.get(8..10)?);
            rest.get(..12)?;
            Some(ProxyWord::Client(SocketAddr::from((Ipv4Addr::from(*source), port_of(port)?))))
        }
        (1, 0x21) => {
            let (source, port) = (rest.first_chunk::<16>()?, rest.get(32..34)?);
            rest.get(..36)?;
            Some(ProxyWord::Client(SocketAddr::from((Ipv6Addr::from(*source), port_of(port)?))))
        }
        _ => None,
    }
}

fn port_of(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(command: u8, family: u8, length: u16, rest: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([command, family]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(rest);
        bytes
    }

    async fn of(mut bytes: &[u8]) -> Option<ProxyWord> {
        read(&mut bytes).await.ok()
    }

    const V4: [u8; 12] = [192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x67, 0x20, 0x9E];

    #[tokio::test]
    async fn what_haproxy_sends_is_understood() {
        let client = ProxyWord::Client(SocketAddr::from(([192, 0, 2, 1], 0x1267)));
        assert_eq!(of(&header(0x21, 0x11, 12, &V4)).await, Some(client));
        // With an addition of five bytes behind the addresses.
        let longer = [&V4[..], &[4, 0, 2, 0, 0]].concat();
        assert_eq!(of(&header(0x21, 0x11, 17, &longer)).await, Some(client));
        let mut v6 = [0; 36];
        v6[..16].copy_from_slice(&"2001:db8::1".parse::<Ipv6Addr>().expect("an address").octets());
        v6[33] = 80;
        let told = ProxyWord::Client("[2001:db8::1]:80".parse().expect("an address"));
        assert_eq!(of(&header(0x21, 0x21, 36, &v6)).await, Some(told));
        assert_eq!(of(&header(0x20, 0x00, 0, &[])).await, Some(ProxyWord::Own));
        assert_eq!(of(&header(0x21, 0x00, 0, &[])).await, Some(ProxyWord::Own));
    }

    #[tokio::test]
    async fn what_follows_is_left_alone() {
        let bytes = [header(0x21, 0x11, 12, &V4), b"GET /".to_vec()].concat();
        let mut left = bytes.as_slice();
        read(&mut left).await.expect("a header");
        assert_eq!(left, b"GET /");
    }

    #[tokio::test]
    async fn nonsense_is_refused() {
        let table = [
            b"PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\n".to_vec(),
            b"GET / HTTP/1.1\r\nhost: t\r\n\r\n".to_vec(),
            header(0x11, 0x11, 12, &V4),
            header(0x22, 0x11, 12, &V4),
            header(0x21, 0x12, 12, &V4),
            header(0x21, 0x41, 12, &V4),
            // Shorter than its addresses, by its own word and by what comes.
            header(0x21, 0x11, 11, &V4),
            header(0x21, 0x11, 12, &V4[..11]),
            header(0x21, 0x21, 35, &[0; 35]),
            header(0x21, 0x11, 0xFFFF, &vec![0; 0xFFFF]),
        ];
        for bytes in table {
            assert_eq!(of(&bytes).await, None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_read_too_far(bytes in proptest::collection::vec(any::<u8>(), 0..64), signed in any::<bool>()) {
            let bytes = if signed { [SIGNATURE.to_vec(), bytes].concat() } else { bytes };
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let mut left = bytes.as_slice();
            if runtime.block_on(read(&mut left)).is_ok() {
                let length = usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
                prop_assert_eq!(bytes.len() - left.len(), HEAD + length);
            }
        }
    }
}
