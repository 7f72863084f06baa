//! What a command must find to be decided.

use yanmi_protocol::{ChannelId, NoticeNo};
use yanmi_verification::{IdentityKey, PersonKey};

use crate::ledger::key::{FaceKey, Key, fingerprint};
use crate::ledger::table::tokens::TokenRecord;

/// What must be loaded, and on a shared database locked, before a command is decided. A command names it; what it does
/// not name it cannot rely on.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Needs<'a> {
    /// The verification it is about, and with it everything that hangs on the token.
    pub(in crate::ledger) key: Option<Key>,
    /// Credential and verification alone decide it, so that what is in memory is enough.
    pub(in crate::ledger) only_verification: bool,
    /// It may take the place of what is open under the person's other tokens.
    pub(in crate::ledger) takes_over: bool,
    /// What it brings about a token.
    pub(in crate::ledger) learned: Option<&'a TokenRecord>,
    /// A person it changes something about without naming a token.
    pub(in crate::ledger) person: Option<PersonKey>,
    /// The password-free settings it changes.
    pub(in crate::ledger) free: Option<(PersonKey, ChannelId)>,
    /// The page whose claim it looks at.
    pub(in crate::ledger) page: Option<NoticeNo>,
    /// The document whose password tries it counts.
    pub(in crate::ledger) identity: Option<IdentityKey>,
    /// The face authorization it uses.
    pub(in crate::ledger) face: Option<FaceKey>,
}

impl Needs<'_> {
    /// Everything about one verification.
    pub(in crate::ledger) fn of_key(key: Key) -> Self {
        Self { key: Some(key), ..Self::default() }
    }

    /// Which of several ledgers decides it: all commands about one token go to the same, and likewise all about a person
    /// or a document.
    pub(in crate::ledger) fn route(&self) -> u64 {
        let token = self.key.map(|key| key.token).or(self.learned.map(|learned| learned.token));
        let of_token = token.map(|token| fingerprint([token.as_str().as_bytes()]));
        let of_person = self.person.map(|person| fingerprint([&person.0]));
        let of_identity = self.identity.map(|identity| fingerprint([&identity.0]));
        of_token.or(of_person).or(of_identity).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::{EcToken, OrgCode};

    use super::*;

    #[test]
    fn all_about_one_token_goes_to_the_same_ledger() {
        let token = EcToken::new("a").expect("a token");
        let of = |org: &str| Needs::of_key(Key { token, org_code: OrgCode::new(org).expect("a code") });
        let (one, other) = (of("H35010000001"), of("H35010000002"));
        assert_eq!(one.route(), other.route());
        let person = Needs { person: Some(PersonKey([1; 16])), ..Needs::default() };
        assert_eq!(
            Needs { person: person.person, ..one }.route(),
            one.route(),
            "the token before the person"
        );
        assert_ne!(person.route(), one.route());
        assert_eq!(Needs::default().route(), 0);
    }
}
