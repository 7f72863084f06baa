//! Where the envelopes of an account may come from.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::outbound::{AllowList, AllowListError};

/// The networks an account calls from; none for anywhere.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SourceNetworks(AllowList);

impl SourceNetworks {
    /// Reads networks and single addresses separated by commas; an empty text is anywhere.
    ///
    /// # Errors
    /// [`AllowListError`] for the first entry that is neither, or when there are too many.
    pub fn parse(text: &str) -> Result<Self, AllowListError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        AllowList::parse(text.split(',')).map(Self)
    }

    /// Whether an envelope may come from this address.
    pub(crate) fn permit(&self, address: IpAddr) -> bool {
        self.0.networks().is_empty() || self.0.permits(address)
    }

    /// Each of them; none for anywhere.
    pub(crate) fn list(&self) -> Vec<IpNet> {
        self.0.networks().to_vec()
    }

    /// As it is stored: nothing for anywhere.
    pub(super) fn stored(&self) -> Option<String> {
        (!self.0.networks().is_empty()).then(|| self.to_string())
    }
}

/// The networks, separated by commas.
impl fmt::Display for SourceNetworks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks: Vec<String> = self.0.networks().iter().map(ToString::to_string).collect();
        f.write_str(&networks.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_was_read_and_nothing_is_anywhere() {
        let address = |text: &str| text.parse().expect("an address");
        let networks = SourceNetworks::parse("10.1.0.0/16, 192.168.3.4").expect("networks");
        assert_eq!(networks.to_string(), "10.1.0.0/16,192.168.3.4/32");
        assert_eq!(SourceNetworks::parse(&networks.to_string()), Ok(networks.clone()));
        assert!(networks.permit(address("::ffff:10.1.2.3")) && networks.permit(address("192.168.3.4")));
        assert!(!networks.permit(address("10.2.0.1")));
        let anywhere = SourceNetworks::parse(" ").expect("anywhere");
        assert!(anywhere.permit(address("10.2.0.1")) && anywhere.stored().is_none());
        assert!(SourceNetworks::parse("10.1.0.0/16,").is_err());
    }
}
