//! Between an institution and a sandbox: speaks TLS, and says another time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use yanmi_protocol::UnixMillis;

/// What it does; it ends with the process of tests.
#[derive(Default)]
pub(crate) struct Proxy {
    /// The certificate it shows.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// The time its answers say.
    pub(crate) time: Option<UnixMillis>,
}

/// A certificate of `localhost`: as PEM, and as a server uses it.
pub(crate) fn certificate() -> (String, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a configuration");
    (made.cert.pem(), Arc::new(config))
}

impl Proxy {
    /// Starts in front of a sandbox; the port.
    pub(crate) fn start(self, sandbox: u16) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever does not believe the certificate goes away.
                let _ = match &self.tls {
                    Some(config) => {
                        let tls = ServerConnection::new(config.clone()).expect("a session");
                        self.pass(StreamOwned::new(tls, stream), sandbox)
                    }
                    None => self.pass(stream, sandbox),
                };
            }
        });
        port
    }

    fn pass(&self, mut client: impl Read + Write, sandbox: u16) -> std::io::Result<()> {
        let (head, body) = request(&mut client)?;
        let mut center = TcpStream::connect((Ipv4Addr::LOCALHOST, sandbox))?;
        write!(center, "{head}\r\nconnection: close\r\n\r\n")?;
        center.write_all(&body)?;
        let mut answer = String::new();
        center.read_to_string(&mut answer)?;
        if let Some(time) = self.time {
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
            let lines = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
            let head = lines.collect::<Vec<_>>().join("\r\n");
            answer = format!("{head}\r\ndate: {}\r\n\r\n{body}", http_date(time));
        }
        client.write_all(answer.as_bytes())?;
        client.flush()
    }
}

/// The head without the empty line at its end, and the body.
fn request(client: &mut impl Read) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut part = [0; 4_096];
    loop {
        let count = client.read(&mut part)?;
        bytes.extend_from_slice(&part[..count]);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let whole = end.and_then(|end| {
            let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
            let length = head.to_ascii_lowercase();
            let length: usize =
                length.split_once("content-length: ")?.1.split("\r\n").next()?.parse().ok()?;
            let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
            Some((head, body))
        });
        match whole {
            Some(whole) => return Ok(whole),
            None if count == 0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            None => {}
        }
    }
}

/// The day of the week does not matter to who reads it.
fn http_date(time: UnixMillis) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = time.shanghai_text();
    let month: usize = text[5..7].parse().expect("a month");
    format!("{} {} {} {} +0800", &text[8..10], MONTHS[month - 1], &text[..4], &text[11..])
}
