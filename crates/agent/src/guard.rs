//! Who is let in before anybody looks at what is asked.
//!
//! A browser sends requests wherever the pages it shows tell it to, also to 127.0.0.1. What a page of somebody else's
//! cannot have is our origin; and a page whose name was pointed at 127.0.0.1 after it was loaded has that, but not our
//! host name. So the host is checked always, and the origin wherever a browser says one. A token or a session is wanted
//! besides; this only keeps those of a browser from being used by others.

use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method};

/// Which values of `Host` are ours.
#[derive(Clone, Debug)]
pub struct Hosts {
    address: IpAddr,
    names: Vec<String>,
}

impl Hosts {
    /// Those of this listener, and these further names.
    pub fn new(listener: SocketAddr, names: &[String]) -> Self {
        Self { address: listener.ip(), names: names.to_vec() }
    }

    fn has(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        if self.names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return true;
        }
        match name.parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || address == self.address,
            Err(_) => name.eq_ignore_ascii_case("localhost"),
        }
    }

    /// Why a request is not served, in Chinese; nothing when it may be. Pages that a link may lead to are opened from
    /// anywhere; `linked` says that this is one.
    pub fn refuse(&self, method: &Method, linked: bool, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let host = text(HOST);
        if !host.is_some_and(|host| self.has(host)) {
            return Some("只接受发往本机地址或 agent.hosts 所列主机名的请求（请求头 Host）");
        }
        if linked && method == Method::GET {
            return None;
        }
        let site = text(HeaderName::from_static("sec-fetch-site"));
        let strange_site = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
        let own = |origin: &str| {
            let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            rest.is_some() && rest == host
        };
        let strange_origin = text(ORIGIN).is_some_and(|origin| !own(origin));
        (strange_site || strange_origin).then_some("不接受其他网页发来的请求")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn own_pages_and_programs_pass_and_pages_of_others_do_not() {
        let hosts = Hosts::new(SocketAddr::from(([10, 0, 0, 5], 8360)), &["his.hospital".to_owned()]);
        let own = ("host", "127.0.0.1:8360");
        for (headers, refused) in [
            (vec![own], false),
            (vec![("host", "LOCALHOST:8360")], false),
            (vec![("host", "[::1]:8360")], false),
            (vec![("host", "10.0.0.5:8360")], false),
            (vec![("host", "His.hospital")], false),
            (vec![("host", "10.0.0.6:8360")], true),
            (vec![("host", "rebound.example:8360")], true),
            (vec![("host", "127.0.0.1.example")], true),
            (vec![], true),
            (vec![own, ("origin", "http://127.0.0.1:8360"), ("sec-fetch-site", "same-origin")], false),
            (vec![("host", "his.hospital"), ("origin", "https://his.hospital")], false),
            (vec![own, ("origin", "http://127.0.0.1:9000")], true),
            (vec![own, ("origin", "null")], true),
            (vec![own, ("sec-fetch-site", "cross-site")], true),
            (vec![own, ("sec-fetch-site", "same-site")], true),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            assert_eq!(hosts.refuse(&Method::POST, false, &map).is_some(), refused, "{headers:?}");
            assert_eq!(hosts.refuse(&Method::POST, true, &map).is_some(), refused, "{headers:?}");
        }
        let linked: HeaderMap = [("host", "127.0.0.1"), ("sec-fetch-site", "cross-site")]
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .into_iter()
            .collect();
        assert!(hosts.refuse(&Method::GET, true, &linked).is_none(), "a link leads here");
    }
}
