//! The address under which a vendor sees a suite that stands behind a front.

use std::fmt;

use http::Uri;
use http::header::HeaderValue;

/// Characters of the longest address.
pub const MAX_BASE_URL: usize = 500;

/// What stands before every path, as in `https://test.example.cn/s/jia/acceptance-run`: no slash at its end, no
/// question and no fragment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaseUrl {
    text: String,
    /// How many bytes of the text are scheme, host and port.
    origin: usize,
}

/// Addresses as the vendor sees them.
#[derive(Debug)]
pub(crate) struct Urls {
    /// Where the center is.
    pub(crate) center: String,
    /// Where nobody is.
    pub(crate) nobody: String,
}

/// A text that is no such address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BaseUrlError;

impl BaseUrl {
    /// Reads an address. Scheme and host are compared as browsers write them, so both have to be in lower case and the
    /// port has to be left out where it is the scheme's own.
    ///
    /// # Errors
    /// [`BaseUrlError`] for anything else.
    pub fn new(text: &str) -> Result<Self, BaseUrlError> {
        let uri: Uri = text.parse().map_err(|_| BaseUrlError)?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(BaseUrlError)?;
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(BaseUrlError),
        };
        let origin = scheme.len() + "://".len() + authority.as_str().len();
        let written = authority.as_str();
        let fits = text.len() <= MAX_BASE_URL
            && !text.ends_with('/')
            && !text.contains(['?', '#'])
            && !written.contains('@')
            && !written.bytes().any(|byte| byte.is_ascii_uppercase())
            && authority.port_u16() != Some(usual)
            && text.get(..origin).is_some_and(|start| start == format!("{scheme}://{written}"));
        if fits { Ok(Self { text: text.to_owned(), origin }) } else { Err(BaseUrlError) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a browser's `Origin` says that it posts from a page of this address's host.
    pub(crate) fn is_origin(&self, given: &HeaderValue) -> bool {
        self.text.get(..self.origin).is_some_and(|own| given.as_bytes() == own.as_bytes())
    }
}

impl fmt::Display for BaseUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "应为 http:// 或 https:// 开头的地址，主机名小写，不写默认端口，末尾没有斜线，也没有 ? 和 #",
        )
    }
}

impl std::error::Error for BaseUrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_text_and_one_origin() {
        for (text, origin) in [
            ("http://127.0.0.1:8400", "http://127.0.0.1:8400"),
            ("https://test.example.cn/s/jia/acceptance-run", "https://test.example.cn"),
            ("http://[::1]:8080/a", "http://[::1]:8080"),
        ] {
            let url = BaseUrl::new(text).unwrap_or_else(|_| panic!("{text}"));
            assert_eq!(url.as_str(), text);
            assert!(url.is_origin(&HeaderValue::from_static(origin)), "{text}");
            for other in
                ["null", "http://elsewhere.example", "https://test.example.cn.evil", "http://127.0.0.1:84"]
            {
                assert!(!url.is_origin(&HeaderValue::from_static(other)), "{text}: {other}");
            }
        }
        for text in [
            "",
            "/s/jia",
            "test.example.cn",
            "ftp://test.example.cn",
            "http://test.example.cn/",
            "http://test.example.cn/a/",
            "http://test.example.cn/a?b",
            "http://test.example.cn/a#b",
            "http://Test.example.cn",
            "HTTP://test.example.cn",
            "http://test.example.cn:80",
            "https://test.example.cn:443/a",
            "http://user@test.example.cn",
        ] {
            assert_eq!(BaseUrl::new(text), Err(BaseUrlError), "{text}");
        }
        assert_eq!(BaseUrl::new(&format!("http://a/{}", "b".repeat(MAX_BASE_URL))), Err(BaseUrlError));
    }
}
