//! The address notices are posted to.

use http::Uri;

/// Longest address, in characters.
pub const MAX_LENGTH: usize = 512;

/// `http://` or `https://`, host, and a path, without login and fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct NoticeUrl {
    text: String,
    uri: Uri,
}

/// Without its query, which may hold what is not for everybody.
impl std::fmt::Debug for NoticeUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NoticeUrl").field(&self.uri.authority()).field(&self.uri.path()).finish()
    }
}

impl NoticeUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, in Chinese.
    pub fn new(text: &str) -> Result<Self, String> {
        let wrong = || format!("应为 http:// 或 https:// 开头的地址，至多 {MAX_LENGTH} 个字符，不带用户名");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        let named = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if !known || !named || text.len() > MAX_LENGTH || text.contains('#') {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), uri })
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path macs are about (E13).
    pub fn path(&self) -> &str {
        self.uri.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_can_be_posted_to() {
        let url = NoticeUrl::new("http://127.0.0.1:9000/notice?a=secret").expect("an address");
        assert_eq!(url.path(), "/notice");
        assert!(!format!("{url:?}").contains("secret"));
        assert!(NoticeUrl::new("https://app.example/ec/notice").is_ok());
        for bad in ["", "/notice", "ftp://a/b", "http://u:p@a/b", "http://a/b#c", "127.0.0.1:9000"] {
            assert!(NoticeUrl::new(bad).is_err(), "{bad}");
        }
    }
}
