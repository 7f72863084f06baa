//! Who an envelope says it is from, before anything has proven it, as far as that may be written down.
//!
//! Anybody can write anything there, and people do: a document's number, a key, a token. What names an account or a channel
//! that is registered is shown; of everything else only what looks like the name of a system.

use yanmi_protocol::AccountId;

/// Digits in a row that no name of a system has, but documents have.
const MOST_DIGITS: usize = 14;
/// Letters and digits in a row that no name of a system has, but keys and tokens have.
const MOST_IN_A_ROW: usize = 27;

/// A claimed `orgId` that may be written down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Claimed(AccountId);

impl Claimed {
    /// What may be shown of a claim. Whether somebody of this name is registered makes no difference in time (E7).
    pub(crate) fn of(org_id: &str, is_registered: bool) -> Option<Self> {
        let is_name = looks_like_a_name(org_id);
        AccountId::new(org_id).ok().filter(|_| is_registered | is_name).map(Self)
    }

    pub(crate) const fn account(self) -> AccountId {
        self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn looks_like_a_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.bytes().all(fits)
        && longest_run(text, |b| b.is_ascii_digit()) <= MOST_DIGITS
        && longest_run(text, |b| b.is_ascii_alphanumeric()) <= MOST_IN_A_ROW
}

fn longest_run(text: &str, of: impl Fn(u8) -> bool) -> usize {
    let (mut longest, mut run) = (0, 0);
    for byte in text.bytes() {
        run = if of(byte) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_systems_are_shown_and_what_may_be_personal_or_secret_is_not() {
        let shown = |text| Claimed::of(text, false).map(|claimed| claimed.as_str().to_owned());
        for name in ["his-1", "testOrgId", "H35010000001", "yanmi.agent_2", "x"] {
            assert_eq!(shown(name).as_deref(), Some(name));
        }
        for other in [
            "欧阳文静",
            "",
            "a b",
            "a\nb",
            "his\"} INFO",
            "350104199306063031",
            "nobody-350104199306063031",
            "00112233445566778899AABBCCDDEEFF",
            "350000ec7ioqup8p1o0761820a0000f1f8b13d",
            &"a-".repeat(21),
        ] {
            assert_eq!(shown(other), None, "{other}");
        }
    }

    #[test]
    fn who_is_registered_is_shown_whatever_the_name_looks_like() {
        let channel = "C0DE000000000000000000000000000A";
        assert_eq!(
            Claimed::of(channel, true).map(|claimed| claimed.as_str().to_owned()).as_deref(),
            Some(channel)
        );
        assert_eq!(Claimed::of(channel, false), None);
    }
}
