//! Where a person was asked lately: for each institution the token of the last notice.
//!
//! It is kept in the person's row, which every notice writes anyway, so that a notice need not look for what else is open
//! (1.4.4(5)E). It is short: whoever is asked at more institutions than [`MOST`] within the life of a notice is at no counter.

use yanmi_protocol::{EcToken, OrgCode};

use super::key::Key;

/// Institutions that are remembered.
const MOST: usize = 8;

/// The newest first, each institution once.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Recent(Vec<Key>);

impl Recent {
    /// The verification that was asked for last at this institution, when it was under another token.
    pub(crate) fn older(&self, key: &Key) -> Option<Key> {
        self.0.iter().copied().find(|known| known.org_code == key.org_code && known.token != key.token)
    }

    /// A notice was asked for.
    #[must_use]
    pub(crate) fn with(&self, key: Key) -> Self {
        let others = self.0.iter().copied().filter(|known| known.org_code != key.org_code);
        Self([key].into_iter().chain(others).take(MOST).collect())
    }

    /// As it is stored.
    pub(crate) fn to_text(&self) -> String {
        let each: Vec<String> =
            self.0.iter().map(|key| format!("{}:{}", key.org_code.as_str(), key.token.as_str())).collect();
        each.join(",")
    }

    /// As it was stored; nothing for a text that is none.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let each = text.split(',').filter(|part| !part.is_empty());
        let keys: Option<Vec<Key>> = each
            .map(|part| {
                let (org_code, token) = part.split_once(':')?;
                Some(Key { org_code: OrgCode::new(org_code).ok()?, token: EcToken::new(token).ok()? })
            })
            .collect();
        keys.filter(|keys| keys.len() <= MOST).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(org: usize, token: &str) -> Key {
        let org_code = OrgCode::new(&format!("H{org:011}")).expect("a code");
        Key { org_code, token: EcToken::new(token).expect("a token") }
    }

    #[test]
    fn the_last_token_of_each_institution_is_known_until_there_were_many_others() {
        let recent = Recent::default().with(key(1, "a")).with(key(2, "b")).with(key(1, "c"));
        assert_eq!(recent.older(&key(1, "d")), Some(key(1, "c")));
        assert_eq!(recent.older(&key(1, "c")), None, "the same again");
        assert_eq!(recent.older(&key(2, "d")), Some(key(2, "b")));
        assert_eq!(recent.older(&key(3, "d")), None);
        let many = (2..=MOST + 1).fold(recent, |recent, org| recent.with(key(org, "e")));
        assert_eq!(many.older(&key(1, "d")), None);
        assert_eq!(Recent::from_text(&many.to_text()), Some(many));
    }

    #[test]
    fn only_what_was_stored_is_read() {
        assert_eq!(Recent::from_text(""), Some(Recent::default()));
        let long = format!("H35010000001:a,{}", "H35010000001:a,".repeat(MOST));
        for text in ["H35010000001", "H35010000001:", "x:a", "H35010000001:a b", long.as_str()] {
            assert_eq!(Recent::from_text(text), None, "{text}");
        }
    }
}
