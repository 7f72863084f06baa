//! Why a call brought no answer.

use std::fmt;

/// Why a call brought no answer. Holds neither a body nor an address; the caller knows whom it called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallError {
    /// The address is no URL that may be called; why, in Chinese.
    BadUrl(&'static str),
    /// The name does not resolve.
    NameNotFound,
    /// The address, or one of those the name stands for, is not on the list.
    AddressRefused,
    /// No connection: refused, unreachable, reset during the handshake, or not there in time.
    Connect,
    /// The certificate was not accepted, or the other side speaks no TLS.
    Tls,
    /// The system's certificates could not be read.
    Roots,
    /// The connection broke before any answer.
    BrokenConnection,
    /// The connection broke within the answer.
    CutShort,
    /// What came is no HTTP answer.
    NotHttp,
    /// The answer is larger than [`super::MAX_ANSWER_BYTES`].
    TooLarge,
    /// The deadline passed.
    TimedOut,
}

impl CallError {
    /// Whether the same call may well succeed a moment later: there was no connection, or it broke before any
    /// answer. A deadline that passed is not among them, for the other side may still be at work.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Connect | Self::BrokenConnection)
    }

    /// What an error between sending a request and getting its answer's head means.
    pub(super) fn of_request(error: &hyper::Error) -> Self {
        if error.is_parse() { Self::NotHttp } else { Self::BrokenConnection }
    }

    /// What an error during a TLS handshake means.
    pub(super) fn of_handshake(error: &std::io::Error) -> Self {
        let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some();
        if refused { Self::Tls } else { Self::Connect }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadUrl(why) => return write!(f, "地址无效：{why}"),
            Self::NameNotFound => "域名无法解析",
            Self::AddressRefused => "地址不在允许外呼的网段内",
            Self::Connect => "无法建立连接",
            Self::Tls => "TLS 握手失败（证书不受信任、已过期或名称不符，或对方不是 TLS）",
            Self::Roots => "无法读取系统根证书",
            Self::BrokenConnection => "连接在应答之前断开",
            Self::CutShort => "应答不完整，连接中途断开",
            Self::NotHttp => "应答不是 HTTP 报文",
            Self::TooLarge => {
                return write!(f, "应答超过 {} 字节", super::MAX_ANSWER_BYTES);
            }
            Self::TimedOut => "超时未应答",
        })
    }
}

impl std::error::Error for CallError {}
