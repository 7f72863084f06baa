//! The real network: HTTP/1.1 over TCP or TLS, with no other roots than the pinned ones.
//!
//! What a browser would do and an institution must not, is off: redirects, proxies from the environment, cookies,
//! roots that came with the machine.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::http::HeaderMap;
use ureq::http::header::{CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error, Timeout};
use yanmi_protocol::UnixMillis;

use crate::transport::{
    LONGEST_RETRY_AFTER, Limits, MAX_ANSWER_BYTES, RawAnswer, Transport, TransportError, Trouble,
};

/// Connections kept open to all addresses while nothing is said.
const MAX_IDLE: usize = 64;
/// Connections kept open to one address: as many as an agent calls over at once, so that none is made anew for each call.
const MAX_IDLE_PER_ADDRESS: usize = 32;
/// Bytes a connection reads into; the head of an answer has to fit.
const INPUT_BUFFER: usize = 2 * MAX_HEADERS;
/// Bytes a connection writes from.
const OUTPUT_BUFFER: usize = 16 * 1024;
/// How long a connection is kept while nothing is said: less than a center keeps it.
const IDLE: Duration = Duration::from_secs(10);
/// Bytes of an answer's headers.
const MAX_HEADERS: usize = 16 * 1024;
/// Certificates a roots file may hold.
const MAX_ROOTS: usize = 64;

/// Why a client cannot be made. `Display` is Chinese and names the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SetupError {
    /// The roots file cannot be read, or is no PEM.
    RootsUnreadable(PathBuf),
    /// It holds no certificate, too many, or one that cannot be a root.
    RootsUnusable(PathBuf),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RootsUnreadable(path) => {
                write!(f, "center.roots：无法读取根证书文件 {}，或不是 PEM", path.display())
            }
            Self::RootsUnusable(path) => {
                write!(f, "center.roots：根证书文件 {} 中没有可用的根证书", path.display())
            }
        }
    }
}

impl std::error::Error for SetupError {}

/// The network, with and without kept connections.
pub(crate) struct Network {
    keeping: Agent,
    fresh: Agent,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl Network {
    /// A network that trusts the roots of this file, or speaks no TLS.
    pub(crate) fn new(roots: Option<&Path>) -> Result<Self, SetupError> {
        let certificates = roots.map(read_roots).transpose()?.unwrap_or_default();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(certificates)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = |idle: usize, per_address: usize| -> Agent {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .proxy(None)
                .tls_config(tls.clone())
                .max_idle_connections(idle)
                .max_idle_connections_per_host(per_address)
                .max_idle_age(IDLE)
                .input_buffer_size(INPUT_BUFFER)
                .output_buffer_size(OUTPUT_BUFFER)
                .max_response_header_size(MAX_HEADERS)
                .accept_encoding("identity")
                .user_agent("yanmi")
                .build()
                .new_agent()
        };
        Ok(Self { keeping: agent(MAX_IDLE, MAX_IDLE_PER_ADDRESS), fresh: agent(0, 0) })
    }
}

impl Transport for Network {
    fn post(&self, url: &str, body: &str, limits: Limits) -> Result<RawAnswer, TransportError> {
        let agent = if limits.fresh { &self.fresh } else { &self.keeping };
        let request = agent
            .post(url)
            .config()
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.whole))
            .build()
            .header(CONTENT_TYPE, "application/json; charset=utf-8");
        let mut answer = request.send(body).map_err(|error| failed(&error))?;
        let status = answer.status().as_u16();
        let server_time = date(answer.headers());
        let retry_after = retry_after(answer.headers());
        let read = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        // The head of an answer came, so the request arrived.
        let body = read.map_err(|error| TransportError { may_have_arrived: true, ..failed(&error) })?;
        Ok(RawAnswer { status, server_time, retry_after, body })
    }
}

/// The certificates of a PEM file.
fn read_roots(path: &Path) -> Result<Vec<Certificate<'static>>, SetupError> {
    let unreadable = |_| SetupError::RootsUnreadable(path.to_owned());
    let mut out = Vec::new();
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        let certificate = certificate.map_err(unreadable)?;
        let unusable = |_| SetupError::RootsUnusable(path.to_owned());
        store.add(certificate.clone()).map_err(unusable)?;
        out.push(Certificate::from_der(&certificate).to_owned());
    }
    if out.is_empty() || out.len() > MAX_ROOTS {
        return Err(SetupError::RootsUnusable(path.to_owned()));
    }
    Ok(out)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn date(headers: &HeaderMap) -> Option<UnixMillis> {
    let zoned = jiff::fmt::rfc2822::parse(text(headers, DATE)?).ok()?;
    Some(UnixMillis::new(zoned.timestamp().as_millisecond()))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = text(headers, RETRY_AFTER)?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

/// What an error of the HTTP client says about the way. The detail is left out: it is English, and may hold addresses.
fn failed(error: &Error) -> TransportError {
    let (trouble, may_have_arrived) = match error {
        Error::HostNotFound => (Trouble::NameNotFound, false),
        Error::ConnectionFailed | Error::BadUri(_) => (Trouble::Unreachable, false),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => (Trouble::TimedOut, false),
        Error::Timeout(_) => (Trouble::TimedOut, true),
        Error::Tls(_) | Error::Rustls(_) => (Trouble::Tls, true),
        Error::Io(error) => of_io(error),
        _ => (Trouble::NotHttp, true),
    };
    TransportError { trouble, may_have_arrived }
}

fn of_io(error: &io::Error) -> (Trouble, bool) {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) {
        return (Trouble::Tls, true);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::AddrNotAvailable => (Trouble::Unreachable, false),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => (Trouble::TimedOut, true),
        _ => (Trouble::Broken, true),
    }
}
