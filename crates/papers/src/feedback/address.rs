//! An address of the center.

use std::fmt;

use http::Uri;

use crate::written::Written;

/// Characters of an address.
const MAX_ADDRESS: usize = 200;

/// `localUrl` (section 1.2): `http` or `https`, a host, perhaps a port and a path; without a slash at its end, a user or a
/// query. A client's configuration takes it as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CenterUrl(String);

/// Why a text is no address of a center.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressError(&'static str);

impl CenterUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn new(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_ADDRESS {
            return Err(AddressError("过长"));
        }
        let uri: Uri = text.parse().map_err(|_| AddressError("不是合法的网址"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(AddressError("应以 http:// 或 https:// 开头"));
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') || text.contains(['?', '#']) {
            return Err(AddressError("不能带用户名、口令、查询参数或片段"));
        }
        let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16());
        // A port that is none is not seen as one, so what is left is compared.
        let whole = port.map_or_else(|| authority == host, |port| authority == format!("{host}:{port}"));
        if host.is_empty() || !whole || port == Some(0) {
            return Err(AddressError("缺少主机名，或端口不在 1 至 65535 之间"));
        }
        if text.ends_with('/') {
            return Err(AddressError("末尾不能是 /"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is called by TLS.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl Written for CenterUrl {
    fn text(&self) -> String {
        self.0.clone()
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for text in [
            "http://10.1.2.3:8350",
            "https://ec.example.cn",
            "https://ec.example.cn/cfc",
            "http://[::1]:8350",
        ] {
            let url = CenterUrl::new(text).expect(text);
            assert_eq!((url.as_str(), url.is_secure()), (text, text.starts_with("https")));
        }
        for text in [
            "",
            "10.1.2.3:8350",
            "ftp://x",
            "HTTPS://x/",
            "http://x/",
            "http://",
            "http://x:0",
            "http://x:",
            "http://x:70000",
            "http://u@x",
            "http://x?a=1",
            "http://x#a",
            "http://x y",
            "http://医院",
        ] {
            assert!(CenterUrl::new(text).is_err(), "{text}");
        }
    }
}
