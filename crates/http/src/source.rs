//! How many connections each source address has.
//!
//! A lock is taken when a connection opens and when it ends, never for a request.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

/// Source addresses that are counted apart; all others share one count.
pub const MAX_SOURCES: usize = 100_000;

/// Stands for all others.
pub const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The part of an address by which sources are told apart: all of an IPv4 address, the network of an IPv6 one, for
/// whoever has one address there has 2^64.
pub fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        whole @ IpAddr::V4(_) => whole,
    }
}

/// The connections of one listener by source. There are never more sources than connections.
#[derive(Debug)]
pub(super) struct Sources {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of a source; its place is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    sources: Arc<Sources>,
    source: IpAddr,
}

impl Sources {
    /// Each source may have this many.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, open: Mutex::default() })
    }

    /// A place for one more connection of this source; nothing when it has all it may have.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let source = source_of(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(source).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Seat { sources: Arc::clone(self), source })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.sources.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_ipv6_network_is_one_source_and_a_mapped_address_is_ipv4() {
        assert_eq!(source_of(address("2001:db8:1:2:3:4:5:6")), source_of(address("2001:db8:1:2:ffff::1")));
        assert_ne!(source_of(address("2001:db8:1:2::1")), source_of(address("2001:db8:1:3::1")));
        assert_eq!(source_of(address("::ffff:10.1.2.3")), address("10.1.2.3"));
        assert_ne!(source_of(address("10.1.2.3")), source_of(address("10.1.2.4")));
    }

    #[test]
    fn a_source_has_so_many_and_another_is_not_concerned() {
        let sources = Sources::new(2);
        let (first, second) = (address("10.0.0.1"), address("10.0.0.2"));
        let seats = [sources.enter(first).expect("one"), sources.enter(first).expect("two")];
        assert!(sources.enter(first).is_none());
        let other = sources.enter(second).expect("another's");
        drop(seats);
        drop((sources.enter(first).expect("free again"), other));
        assert!(sources.open.lock().expect("not poisoned").is_empty(), "nothing is left behind");
    }
}
