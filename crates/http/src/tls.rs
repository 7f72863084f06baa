//! From two PEM files to a TLS server: TLS 1.2 and 1.3, ring, HTTP/1.1, no client certificates.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::TlsAcceptor;

use crate::{BindError, TlsFiles};

/// Loads the files. They are read once: a renewed certificate is taken up by a restart.
pub(super) fn acceptor(name: &'static str, files: &TlsFiles) -> Result<TlsAcceptor, BindError> {
    let unreadable = |path: &std::path::Path| {
        let path = path.to_path_buf();
        move |source: pem::Error| BindError::Pem { name, path, source }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) })
        .map_err(unreadable(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable(&files.key))?;

    let unusable = |source| BindError::Tls { name, source };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
