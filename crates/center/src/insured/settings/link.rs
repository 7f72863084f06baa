//! The link to a person's password-free page: whose, in which app, until when, and a number of its own by which a browser
//! takes it. Nothing is stored for it until then.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use subtle::ConstantTimeEq;
use yanmi_protocol::{ChannelId, NoticeNo, UnixMillis};
use yanmi_verification::PersonKey;

use crate::sealing::Sealer;

/// What keeps these links apart from those to a notice.
const PURPOSE: &str = "settings link";
/// Bytes of number, end and person; the channel follows.
const FIXED: usize = 8 + 8 + 16;
/// Bytes of the proof.
const PROOF: usize = 16;
/// Letters of the longest link: a channel has 40.
const MAX_TEXT: usize = (FIXED + 40 + PROOF).div_ceil(3) * 4;

/// What a link says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::insured) struct SettingsLink {
    pub(in crate::insured) number: NoticeNo,
    pub(in crate::insured) until: UnixMillis,
    pub(in crate::insured) person: PersonKey,
    pub(in crate::insured) channel: ChannelId,
}

impl SettingsLink {
    /// As it stands in an address.
    pub(in crate::insured) fn text(&self, sealer: &Sealer) -> String {
        let mut all = Vec::with_capacity(MAX_TEXT);
        all.extend_from_slice(&self.number.number().to_be_bytes());
        all.extend_from_slice(&self.until.get().to_be_bytes());
        all.extend_from_slice(&self.person.0);
        all.extend_from_slice(self.channel.as_str().as_bytes());
        let proof = sealer.proof(PURPOSE, &[&all]);
        all.extend_from_slice(&proof);
        BASE64.encode(all)
    }

    /// Reads a link, if this site made it.
    pub(in crate::insured) fn read(text: &str, sealer: &Sealer) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let bytes = BASE64.decode(text).ok()?;
        let (body, proof) = bytes.split_last_chunk::<PROOF>()?;
        let right: bool = sealer.proof(PURPOSE, &[body]).ct_eq(proof).into();
        let (number, rest) = body.split_first_chunk::<8>()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (person, channel) = rest.split_first_chunk::<16>()?;
        let link = Self {
            number: NoticeNo::from_number(u64::from_be_bytes(*number))?,
            until: UnixMillis::new(i64::from_be_bytes(*until)),
            person: PersonKey(*person),
            channel: ChannelId::new(std::str::from_utf8(channel).ok()?).ok()?,
        };
        right.then_some(link)
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::Sm4Key;

    use super::*;
    use crate::ports::Entropy;

    #[test]
    fn a_link_is_known_as_it_was_made_and_in_no_other_form() {
        let sealer = |key| Sealer::new(&Sm4Key::from_bytes(&[key; 16]), Entropy::seeded(7));
        let link = SettingsLink {
            number: NoticeNo::from_number(1_234_567_890_123).expect("a number"),
            until: UnixMillis::new(1_763_869_440_000),
            person: PersonKey([9; 16]),
            channel: ChannelId::new("app").expect("a channel"),
        };
        let text = link.text(&sealer(1));
        assert_eq!(SettingsLink::read(&text, &sealer(1)), Some(link));
        assert_eq!(SettingsLink::read(&text, &sealer(2)), None, "another site");
        for at in 0..text.len() {
            let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut bent = text.clone();
            bent.replace_range(at..=at, other);
            assert_eq!(SettingsLink::read(&bent, &sealer(1)), None, "letter {at}");
            assert_eq!(SettingsLink::read(&text[..at], &sealer(1)), None, "cut at {at}");
        }
        assert_eq!(SettingsLink::read(&"A".repeat(MAX_TEXT + 1), &sealer(1)), None);
    }
}
