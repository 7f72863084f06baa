//! From an address to a connection: read the URL, resolve, check, connect, shake hands.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Scheme};
use http_body_util::Full;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use yanmi_http::{Duplex, Socket};

use super::allow::AllowList;
use super::error::CallError;
use super::settings::{MAX_ANSWER_BYTES, OutboundSettings};
use crate::ports::Network;

/// How long one address may take to accept a connection: a handshake inside a province takes milliseconds, and
/// another address should still get its turn within the five seconds of an institution's call.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How many addresses of a name are tried.
const MAX_TRIED: usize = 3;

/// Whom a URL names.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) tls: bool,
    pub(super) authority: &'a Authority,
    /// Without the brackets of an IPv6 address.
    host: &'a str,
    port: u16,
}

impl<'a> Target<'a> {
    /// Reads the parts of a URL that say where to connect.
    pub(super) fn of(url: &'a Uri) -> Result<Self, CallError> {
        let tls = match url.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(CallError::BadUrl("应以 http:// 或 https:// 开头")),
        };
        let authority = url.authority().ok_or(CallError::BadUrl("缺少主机名"))?;
        if authority.as_str().contains('@') {
            return Err(CallError::BadUrl("不能带用户名或密码"));
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() {
            return Err(CallError::BadUrl("缺少主机名"));
        }
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None if authority.as_str().ends_with(authority.host()) => {
                if tls {
                    443
                } else {
                    80
                }
            }
            None => 0,
        };
        if port == 0 {
            return Err(CallError::BadUrl("端口应为 1 至 65535"));
        }
        Ok(Self { tls, authority, host, port })
    }
}

/// Why the certificates of a file cannot be used. `Display` is Chinese and names the file.
#[derive(Debug)]
pub enum RootsError {
    /// It cannot be read, or is no PEM.
    Unreadable(PathBuf, rustls::pki_types::pem::Error),
    /// There is no certificate in it, or one that cannot be used as a root.
    Unusable(PathBuf),
    /// The TLS library refuses to start.
    Library(rustls::Error),
}

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, _) => write!(f, "无法读取根证书文件 {}", path.display()),
            Self::Unusable(path) => write!(f, "根证书文件 {} 中没有可用的根证书", path.display()),
            Self::Library(_) => f.write_str("TLS 库初始化失败"),
        }
    }
}

impl std::error::Error for RootsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, source) => Some(source),
            Self::Unusable(_) => None,
            Self::Library(source) => Some(source),
        }
    }
}

/// Makes checked connections.
#[derive(Debug)]
pub(super) struct Connector {
    allow: AllowList,
    network: Network,
    tls: OnceCell<Arc<ClientConfig>>,
}

impl Connector {
    pub(super) fn new(settings: OutboundSettings) -> Result<Self, RootsError> {
        let OutboundSettings { allow, roots, network } = settings;
        let tls = match roots {
            Some(path) => {
                let config = client_config(read_roots(&path)?).map_err(RootsError::Library)?;
                OnceCell::new_with(Some(config))
            }
            None => OnceCell::new(),
        };
        Ok(Self { allow, network, tls })
    }

    /// Checks an address as far as it can be without the DNS.
    pub(super) fn check(&self, target: &Target<'_>) -> Result<(), CallError> {
        match target.host.parse::<IpAddr>() {
            Ok(address) if !self.allow.permits(address) => Err(CallError::AddressRefused),
            _ => Ok(()),
        }
    }

    /// By what datagrams are sent.
    pub(super) const fn network(&self) -> &Network {
        &self.network
    }

    /// A new connection, ready for one request after the other.
    pub(super) async fn connect(&self, target: &Target<'_>) -> Result<SendRequest<Full<Bytes>>, CallError> {
        let addresses = self.addresses(target.host, target.port).await?;
        let tcp = self.first_to_accept(&addresses).await?;
        // A notice is one small write that somebody waits for.
        tcp.set_nodelay().map_err(|_| CallError::Connect)?;
        let stream: Box<dyn Duplex> = if target.tls {
            let name = ServerName::try_from(target.host.to_owned())
                .map_err(|_| CallError::BadUrl("主机名不能用于 TLS"))?;
            let connector = TlsConnector::from(self.tls_config().await?);
            Box::new(connector.connect(name, tcp).await.map_err(|e| CallError::of_handshake(&e))?)
        } else {
            Box::new(tcp)
        };
        let (connection, driver) = Builder::new()
            .max_buf_size(MAX_ANSWER_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| CallError::Connect)?;
        // It ends by itself when either side closes; an error it ends with has been told to the call it hit.
        tokio::spawn(driver);
        Ok(connection)
    }

    /// Where a host is, every address checked.
    pub(super) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, CallError> {
        let addresses = if let Ok(address) = host.parse::<IpAddr>() {
            vec![SocketAddr::new(address, port)]
        } else {
            let found = self.network.look_up(host.to_owned(), port).await;
            found.map_err(|_| CallError::NameNotFound)?
        };
        if addresses.is_empty() {
            return Err(CallError::NameNotFound);
        }
        if !addresses.iter().all(|address| self.allow.permits(address.ip())) {
            return Err(CallError::AddressRefused);
        }
        Ok(addresses)
    }

    /// A connection to the first of some addresses that accepts one.
    pub(super) async fn first_to_accept(&self, addresses: &[SocketAddr]) -> Result<Socket, CallError> {
        for address in addresses.iter().take(MAX_TRIED) {
            if let Ok(Ok(stream)) = timeout(CONNECT_TIMEOUT, self.network.dial(*address)).await {
                return Ok(stream);
            }
        }
        Err(CallError::Connect)
    }

    /// How TLS is spoken; reads the system's certificates the first time it is.
    async fn tls_config(&self) -> Result<Arc<ClientConfig>, CallError> {
        let config = self.tls.get_or_try_init(|| async {
            let read = tokio::task::spawn_blocking(|| client_config(system_roots()?).ok());
            read.await.ok().flatten().ok_or(CallError::Roots)
        });
        config.await.map(Arc::clone)
    }
}

fn client_config(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn read_roots(path: &Path) -> Result<RootCertStore, RootsError> {
    let unreadable = |error| RootsError::Unreadable(path.to_owned(), error);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        let certificate = certificate.map_err(unreadable)?;
        roots.add(certificate).map_err(|_| RootsError::Unusable(path.to_owned()))?;
    }
    if roots.is_empty() { Err(RootsError::Unusable(path.to_owned())) } else { Ok(roots) }
}

/// What of the system's certificates can be read; nothing when that is none.
fn system_roots() -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    (!roots.is_empty()).then_some(roots)
}
