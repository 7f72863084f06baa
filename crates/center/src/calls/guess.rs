//! What the doctor takes an envelope for that did not open with the key of who it claims to be from.
//!
//! It is looked at after it was refused, on a thread for such work, and only its mistakes' names are kept.

use std::time::Duration;

use tokio::time::Instant;

use hashbrown::HashMap;
use yanmi_protocol::envelope::CipherText;
use yanmi_protocol::{AccountId, ChannelId, Sm4Key};
use zeroize::Zeroizing;

use crate::registry::Snapshot;

/// Envelopes of one account that are looked into in a minute.
const OF_ACCOUNT: u32 = 3;
/// Envelopes of all that are looked into in a minute; each takes some milliseconds.
const OF_ALL: usize = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// Counts what was looked into.
#[derive(Debug)]
pub(super) struct Guesser {
    since: Instant,
    looked: HashMap<AccountId, u32>,
    all: usize,
}

impl Guesser {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, looked: HashMap::new(), all: 0 }
    }

    fn may(&mut self, account: AccountId, now: Instant) -> bool {
        if now.duration_since(self.since) >= MINUTE {
            *self = Self::new(now);
        }
        if self.all >= OF_ALL {
            return false;
        }
        let looked = self.looked.entry(account).or_default();
        if *looked >= OF_ACCOUNT {
            return false;
        }
        *looked += 1;
        self.all += 1;
        true
    }

    /// The names of the mistakes, where who it claims to be from is known and enabled and has not been looked at too often.
    pub(super) async fn guess(
        &mut self,
        registry: &Snapshot,
        claimed: AccountId,
        sealed: &CipherText,
    ) -> Option<String> {
        let keys = keys_of(registry, claimed)?;
        if !self.may(claimed, Instant::now()) {
            return None;
        }
        let digits = Zeroizing::new(sealed.to_hex());
        let looking = tokio::task::spawn_blocking(move || name(&keys, &digits));
        // One that panics found nothing.
        looking.await.ok()
    }
}

/// The keys of an account or channel that is enabled.
fn keys_of(registry: &Snapshot, claimed: AccountId) -> Option<Vec<Sm4Key>> {
    if let Some(account) = registry.account_of(&claimed) {
        return account.enabled.then(|| account.keys.all());
    }
    let channel = registry.channel(&ChannelId::new(claimed.as_str()).ok()?)?;
    channel.enabled.then(|| channel.keys.all())
}

fn name(keys: &[Sm4Key], digits: &str) -> String {
    match keys.iter().find_map(|key| yanmi_doctor::diagnose(key, digits)) {
        Some(found) => found.name(),
        None => yanmi_doctor::ANOTHER_KEY.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_one_account_and_of_all_are_looked_into_in_a_minute() {
        let now = Instant::now();
        let mut guesser = Guesser::new(now);
        let id = |n: u32| AccountId::new(&format!("his-{n}")).expect("an account");
        let count = |guesser: &mut Guesser, n, now| (0..10).filter(|_| guesser.may(id(n), now)).count();
        assert_eq!(count(&mut guesser, 0, now), 3);
        assert_eq!(count(&mut guesser, 0, now + Duration::from_secs(59)), 0);
        let all: usize = (1..100).map(|n| count(&mut guesser, n, now)).sum();
        assert_eq!(all, OF_ALL - 3);
        assert_eq!(count(&mut guesser, 0, now + MINUTE), 3, "a new minute");
    }
}
