//! Which addresses may be called.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// Entries a list may have.
pub const MAX_ENTRIES: usize = 256;

/// The networks that may be called. An empty list allows nothing.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AllowList(Vec<IpNet>);

/// Why a text is no entry of the list. `Display` is Chinese and names the entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AllowListError {
    /// It is neither a network nor an address.
    Form(String),
    /// Bits behind the prefix are set: one of the two is a typo. The network it would be.
    HostBits(String, IpNet),
    /// It is an IPv4 network in IPv6 clothes, which would never match.
    Mapped(String),
    /// There are more than [`MAX_ENTRIES`].
    TooMany(usize),
}

impl fmt::Display for AllowListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(entry) => {
                write!(
                    f,
                    "“{entry}”不是网段或 IP 地址（写法如 10.0.0.0/8、192.168.1.20、fd00::/8；不能写域名）"
                )
            }
            Self::HostBits(entry, network) => {
                write!(f, "“{entry}”的主机位不为 0，如指整个网段请写 {network}，如指单个地址请去掉“/”及其后")
            }
            Self::Mapped(entry) => write!(f, "“{entry}”是映射为 IPv6 的 IPv4 网段，请直接写 IPv4 网段"),
            Self::TooMany(count) => write!(f, "允许外呼的网段有 {count} 条，最多 {MAX_ENTRIES} 条"),
        }
    }
}

impl std::error::Error for AllowListError {}

impl From<Vec<IpNet>> for AllowList {
    fn from(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }
}

impl AllowList {
    /// Reads networks (`10.0.0.0/8`) and single addresses (`192.168.1.20`).
    ///
    /// # Errors
    /// [`AllowListError`] for the first entry that is neither.
    pub fn parse<T: AsRef<str>>(entries: impl IntoIterator<Item = T>) -> Result<Self, AllowListError> {
        let list = entries.into_iter().map(|e| parse_entry(e.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if list.len() > MAX_ENTRIES {
            return Err(AllowListError::TooMany(list.len()));
        }
        Ok(Self(list))
    }

    /// Whether this address may be called. An IPv4 address mapped into IPv6 is judged as the IPv4 address it
    /// leads to.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The networks, as they were given.
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }
}

fn parse_entry(entry: &str) -> Result<IpNet, AllowListError> {
    let entry = entry.trim();
    let network = match entry.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => entry.parse::<IpNet>().map_err(|_| AllowListError::Form(entry.to_owned()))?,
    };
    if network.addr() != network.network() {
        return Err(AllowListError::HostBits(entry.to_owned(), network.trunc()));
    }
    match network {
        IpNet::V6(v6) if v6.prefix_len() >= 96 && v6.addr().to_ipv4_mapped().is_some() => {
            Err(AllowListError::Mapped(entry.to_owned()))
        }
        network => Ok(network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_list_is_permitted_and_nothing_else() {
        let list = AllowList::parse(["10.0.0.0/8", " 192.168.1.20 ", "fd00::/8"]).expect("a list");
        for (address, permitted) in [
            ("10.1.2.3", true),
            ("11.0.0.1", false),
            ("192.168.1.20", true),
            ("192.168.1.21", false),
            ("fd12::1", true),
            ("fe80::1", false),
            ("::ffff:10.1.2.3", true),
            ("::ffff:8.8.8.8", false),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(list.permits(address.parse().expect("an address")), permitted, "{address}");
        }
        assert!(!AllowList::default().permits("127.0.0.1".parse().expect("an address")));
    }

    #[test]
    fn a_bad_entry_is_named() {
        for (entry, words) in [
            ("channel.example.cn", "“channel.example.cn”不是网段或 IP 地址"),
            ("10.0.0.0/33", "“10.0.0.0/33”不是网段或 IP 地址"),
            ("", "“”不是网段或 IP 地址"),
            ("10.1.2.3/8", "“10.1.2.3/8”的主机位不为 0，如指整个网段请写 10.0.0.0/8"),
            ("::ffff:10.0.0.0/104", "“::ffff:10.0.0.0/104”是映射为 IPv6 的 IPv4 网段"),
        ] {
            let error = AllowList::parse(["10.0.0.0/8", entry]).expect_err(entry).to_string();
            assert!(error.starts_with(words), "{error}");
        }
        let many = vec!["10.0.0.1"; MAX_ENTRIES + 1];
        assert_eq!(AllowList::parse(many), Err(AllowListError::TooMany(MAX_ENTRIES + 1)));
    }
}
