//! Why a listener could not be opened.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Plain HTTP on an address other machines can reach, and not switched on.
    #[error(
        "监听口 {name} 的地址 {address} 不是本机回环地址，又没有配置证书：明文 HTTP 会让其他机器看到报文。\
         请设置 tls_certificate 和 tls_key；若确实由前置设备卸载 TLS，请设置 plain_http = true"
    )]
    PlainOutsideLoopback {
        /// The listener.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
    },
    /// A PEM file cannot be read, or holds no certificate or key.
    #[error("监听口 {name}：无法读取 PEM 文件 {}", .path.display())]
    Pem {
        /// The listener.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not make a TLS server, for instance because they do not belong together.
    #[error("监听口 {name}：证书与私钥不能使用")]
    Tls {
        /// The listener.
        name: &'static str,
        /// What rustls said.
        source: rustls::Error,
    },
    /// The address is taken, not this machine's, or not permitted.
    #[error("监听口 {name}：无法监听 {address}")]
    Address {
        /// The listener.
        name: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}
