//! Whom alarms are told, outside of the console: one address, or nobody.

use std::fmt;

use http::Uri;

/// Whom alarms are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AlarmTarget {
    /// Each is posted here.
    Webhook(Uri),
    /// Each is sent here as a message of RFC 5424.
    Syslog(SyslogAddress),
}

/// How a syslog server is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyslogTransport {
    /// RFC 5426: one datagram each.
    Udp,
    /// RFC 6587: each with its length in front.
    Tcp,
}

/// Where a syslog server is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyslogAddress {
    /// How it is reached.
    pub transport: SyslogTransport,
    /// Its name or address, that of IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl SyslogAddress {
    /// Reads `udp://host:port` or `tcp://host:port`; nothing for anything else.
    pub fn new(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let transport = match uri.scheme_str()? {
            "udp" => SyslogTransport::Udp,
            "tcp" => SyslogTransport::Tcp,
            _ => return None,
        };
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !text.contains(['#', '@']);
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().filter(|port| *port != 0)?;
        (is_bare && !host.is_empty()).then_some(Self { transport, host, port })
    }
}

impl fmt::Display for SyslogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.transport {
            SyslogTransport::Udp => "udp",
            SyslogTransport::Tcp => "tcp",
        };
        let (host, port) = (&self.host, self.port);
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syslog_server_is_a_way_a_host_and_a_port() {
        for text in ["udp://10.9.0.9:514", "tcp://syslog.example:6514", "udp://[fd00::9]:514"] {
            assert_eq!(SyslogAddress::new(text).expect(text).to_string(), text);
        }
        for text in [
            "",
            "10.9.0.9:514",
            "http://10.9.0.9:514",
            "udp://10.9.0.9",
            "udp://10.9.0.9:0",
            "udp://a@b:514",
            "udp://10.9.0.9:514/x",
            "udp://10.9.0.9:514?x",
            "tls://10.9.0.9:6514",
            "udp://:514",
        ] {
            assert_eq!(SyslogAddress::new(text), None, "{text}");
        }
    }
}
