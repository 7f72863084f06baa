//! Who may use the page and the control interface: everybody on this machine, and no page of somebody else's.
//!
//! A browser sends requests wherever the pages it shows tell it to, also to 127.0.0.1. What such a request cannot
//! have is our own origin. And a page whose name was pointed at 127.0.0.1 after it was loaded has that origin, but
//! not our host name. A program that is no browser says nothing of either, and may.

use std::net::Ipv4Addr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Method};

/// Why a request is not served, in Chinese; nothing when it may be.
pub(crate) fn refuses(method: &Method, path: &str, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    // Every browser names the host; a program that does not is none.
    let host = text(HOST.as_str());
    if host.is_some_and(|host| !is_loopback(host)) {
        return Some("只接受发往本机地址（127.0.0.1 或 localhost）的请求");
    }
    // The page itself may be opened from anywhere, as by a link.
    if method == Method::GET && path == "/" {
        return None;
    }
    let strange_site = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let strange_origin = text(ORIGIN.as_str()).is_some_and(|origin| origin.strip_prefix("http://") != host);
    (strange_site || strange_origin).then_some("不接受其他网页发来的请求")
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    name.eq_ignore_ascii_case("localhost")
        || name == "[::1]"
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn refused(method: &Method, path: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
        refuses(method, path, &headers.collect()).is_some()
    }

    #[test]
    fn programs_and_our_own_page_may_and_pages_of_others_may_not() {
        let host = ("host", "127.0.0.1:8359");
        let (post, get) = (Method::POST, Method::GET);
        for (headers, bad) in [
            (vec![host], false),
            (vec![("host", "localhost:8359")], false),
            (vec![("host", "[::1]:8359")], false),
            (vec![host, ("origin", "http://127.0.0.1:8359"), ("sec-fetch-site", "same-origin")], false),
            (vec![host, ("origin", "http://127.0.0.1:9000")], true),
            (vec![host, ("origin", "https://127.0.0.1:8359")], true),
            (vec![host, ("origin", "null")], true),
            (vec![host, ("sec-fetch-site", "cross-site")], true),
            (vec![host, ("sec-fetch-site", "same-site")], true),
            (vec![("host", "rebound.example:8359"), ("origin", "http://rebound.example:8359")], true),
            (vec![("host", "127.0.0.1.example")], true),
            (vec![("host", "10.0.0.1")], true),
            (vec![], false),
            (vec![("origin", "http://127.0.0.1:8359")], true),
        ] {
            assert_eq!(refused(&post, "/qr", &headers), bad, "{headers:?}");
            assert_eq!(refused(&get, "/events", &headers), bad, "{headers:?}");
        }
        assert!(!refused(&get, "/", &[host, ("sec-fetch-site", "cross-site")]), "a link leads here");
        assert!(refused(&get, "/", &[("host", "rebound.example")]));
        assert!(refused(&post, "/", &[host, ("sec-fetch-site", "cross-site")]));
    }
}
