//! What a proxy says about its client, believed of named proxies only (decision 29).
//!
//! A header that names a client is written by whoever likes to. So nothing is read unless the other end of the connection
//! is one of the [`Proxies`], and then only that one header which the operator says this proxy writes: a proxy that
//! writes one passes the other on as the client sent it. Addresses are appended as a request travels, so they are read
//! from the end, past further named proxies; what stands before the first that is none is the client's own story.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

/// The most a chain of addresses is followed, in entries: nobody has this many proxies of their own in a row.
const MAX_HOPS: usize = 16;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How a proxy says who its client is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ClientAddress {
    /// Not at all.
    #[default]
    Untold,
    /// By the header `X-Forwarded-For`.
    XForwardedFor,
    /// By the header `Forwarded` (RFC 7239).
    Forwarded,
    /// By the PROXY protocol, version 2, before the first byte of a connection.
    ProxyV2,
}

impl ClientAddress {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Untold, Self::XForwardedFor, Self::Forwarded, Self::ProxyV2];

    /// The word in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Untold => "none",
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
            Self::ProxyV2 => "proxy-v2",
        }
    }
}

/// The proxies in front of a listener.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Proxies {
    /// Where they connect from.
    pub networks: Vec<IpNet>,
    /// How they say who their client is.
    pub client: ClientAddress,
}

impl Proxies {
    /// Whether this is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The client a request of a named proxy came from, by its headers; nothing when they say nothing usable.
    pub(super) fn client(&self, headers: &HeaderMap) -> Option<SocketAddr> {
        let name = match self.client {
            ClientAddress::XForwardedFor => &X_FORWARDED_FOR,
            ClientAddress::Forwarded => &header::FORWARDED,
            ClientAddress::Untold | ClientAddress::ProxyV2 => return None,
        };
        let lines = headers.get_all(name).into_iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        let mut nearest = None;
        for hop in hops.take(MAX_HOPS) {
            let told =
                if self.client == ClientAddress::Forwarded { for_of(hop) } else { address(hop.trim()) };
            // Whatever stands before something that cannot be read was not written by a proxy of ours.
            let Some(told) = told else { break };
            nearest = Some(told);
            if !self.contains(told.ip()) {
                break;
            }
        }
        nearest
    }
}

/// The address in the `for` of one element of `Forwarded`. A comma within quotes does not occur in an address.
fn for_of(element: &str) -> Option<SocketAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        name.trim().eq_ignore_ascii_case("for").then(|| address(bare))?
    })
}

/// An address with or without a port, an IPv6 one with or without brackets.
fn address(text: &str) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let alone = bare.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, 0));
    let told: SocketAddr = alone.or_else(|| text.parse().ok())?;
    Some(SocketAddr::new(told.ip().to_canonical(), told.port()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(by: ClientAddress, lines: &[(&'static str, &'static str)]) -> Option<String> {
        let networks = vec!["10.0.0.0/8".parse().expect("a network"), "fd00::/8".parse().expect("a network")];
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Proxies { networks, client: by }.client(&headers).map(|found| found.ip().to_string())
    }

    #[test]
    fn the_last_that_is_no_proxy_is_the_client() {
        let table = [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:4711", Some("192.0.2.1")),
            ("6.6.6.6, 192.0.2.1", Some("192.0.2.1")),
            ("6.6.6.6, 192.0.2.1, 10.1.1.1,10.2.2.2", Some("192.0.2.1")),
            ("10.1.1.1", Some("10.1.1.1")),
            ("[2001:db8::1]:80", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("6.6.6.6, nonsense", None),
            ("6.6.6.6, nonsense, 10.1.1.1", Some("10.1.1.1")),
            ("192.0.2.1,", None),
            ("", None),
        ];
        for (value, expected) in table {
            let found = client(ClientAddress::XForwardedFor, &[("x-forwarded-for", value)]);
            assert_eq!(found.as_deref(), expected, "{value}");
        }
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.1")];
        assert_eq!(client(ClientAddress::XForwardedFor, &lines).as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_writes_it() {
        let table = [
            ("for=192.0.2.1;proto=https;by=10.1.1.1", Some("192.0.2.1")),
            ("proto=http; For=\"192.0.2.1:4711\"", Some("192.0.2.1")),
            ("for=6.6.6.6, for=\"[2001:db8::1]:80\"", Some("2001:db8::1")),
            ("for=192.0.2.1, for=\"[fd00::2]\"", Some("192.0.2.1")),
            ("for=unknown", None),
            ("for=6.6.6.6, for=_hidden", None),
            ("by=10.1.1.1", None),
            ("192.0.2.1", None),
        ];
        for (value, expected) in table {
            let found = client(ClientAddress::Forwarded, &[("forwarded", value)]);
            assert_eq!(found.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn the_header_the_proxy_does_not_write_is_the_clients_own_and_is_not_read() {
        assert_eq!(client(ClientAddress::XForwardedFor, &[("forwarded", "for=6.6.6.6")]), None);
        assert_eq!(client(ClientAddress::Forwarded, &[("x-forwarded-for", "6.6.6.6")]), None);
        for by in [ClientAddress::Untold, ClientAddress::ProxyV2] {
            assert_eq!(client(by, &[("x-forwarded-for", "6.6.6.6"), ("forwarded", "for=6.6.6.6")]), None);
        }
    }

    #[test]
    fn a_chain_is_followed_so_far_and_no_farther() {
        let long: &'static str = Box::leak(format!("6.6.6.6{}", ",10.0.0.1".repeat(10_000)).into_boxed_str());
        let found = client(ClientAddress::XForwardedFor, &[("x-forwarded-for", long)]);
        assert_eq!(found.as_deref(), Some("10.0.0.1"));
    }
}
