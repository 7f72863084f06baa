//! The link to the page of one notice, where browsers reach it, and the number the person and the counter compare.
//!
//! A link is the notice's number, the end of its life, how many notices there had been, and an HMAC over them under a key
//! derived from the site's; every center of the site makes and knows the same. There is nothing to store for it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::Uri;
use subtle::ConstantTimeEq;
use yanmi_protocol::{NoticeNo, UnixMillis};
use yanmi_verification::Verification;

use crate::sealing::Sealer;

/// Below which the pages' addresses are.
pub(crate) const PREFIX: &str = "/p/";
/// Bytes of notice, end and sequence.
const BODY: usize = 8 + 8 + 4;
/// Bytes of the proof.
const PROOF: usize = 16;

/// What a link says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NoticeLink {
    pub(crate) notice: NoticeNo,
    /// Until when it can be opened.
    pub(crate) until: UnixMillis,
    /// How many notices there had been.
    pub(crate) sequence: u32,
}

impl NoticeLink {
    /// The link of the latest notice of this attempt.
    pub(crate) fn of(verification: &Verification) -> Self {
        Self { notice: verification.notice, until: verification.expires_at, sequence: verification.notices }
    }

    /// As it stands in an address: 48 letters, digits, `-` and `_`.
    pub(crate) fn text(&self, sealer: &Sealer) -> String {
        let body = self.body();
        let mut all = body.to_vec();
        all.extend_from_slice(&sealer.proof("page link", &[&body]));
        BASE64.encode(all)
    }

    /// Reads a link, if this site made it. The time it takes does not tell how much of it was right.
    pub(crate) fn read(text: &str, sealer: &Sealer) -> Option<Self> {
        if text.len() != (BODY + PROOF).div_ceil(3) * 4 {
            return None;
        }
        let bytes = BASE64.decode(text).ok()?;
        let (body, proof) = bytes.split_first_chunk::<BODY>()?;
        let right: bool = sealer.proof("page link", &[body]).ct_eq(proof).into();
        let (notice, rest) = body.split_first_chunk::<8>()?;
        let (until, sequence) = rest.split_first_chunk::<8>()?;
        let link = Self {
            notice: NoticeNo::from_number(u64::from_be_bytes(*notice))?,
            until: UnixMillis::new(i64::from_be_bytes(*until)),
            sequence: u32::from_be_bytes(sequence.try_into().ok()?),
        };
        right.then_some(link)
    }

    fn body(&self) -> [u8; BODY] {
        let mut out = [0; BODY];
        out[..8].copy_from_slice(&self.notice.number().to_be_bytes());
        out[8..16].copy_from_slice(&self.until.get().to_be_bytes());
        out[16..].copy_from_slice(&self.sequence.to_be_bytes());
        out
    }
}

/// The two digits that the person sees and the counter can ask for (`checkNo`): the same on both sides means that both
/// speak of the same notice.
pub(crate) fn check_number(sealer: &Sealer, notice: NoticeNo) -> String {
    let proof = sealer.proof("check number", &[&notice.number().to_be_bytes()]);
    format!("{:02}", u128::from_be_bytes(proof) % 100)
}

/// Where persons' browsers reach the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PageOrigin {
    /// `https://host` or `https://host:port`.
    pub(crate) origin: String,
    /// What stands before the pages' own paths there, without a slash at the end: nothing, unless the host is shared.
    pub(crate) path: String,
    /// `host` or `host:port`, as a browser says it.
    pub(crate) host: String,
    /// Whether the browser is reached over TLS, wherever that ends.
    pub(crate) secure: bool,
}

impl PageOrigin {
    /// The origin of this address, which the configuration has checked.
    pub(crate) fn new(url: &Uri) -> Option<Self> {
        let secure = url.scheme_str() == Some("https");
        let usual = if secure { 443 } else { 80 };
        let name = url.host()?.to_ascii_lowercase();
        let host = match url.port_u16() {
            Some(port) if port != usual => format!("{name}:{port}"),
            _ => name,
        };
        let scheme = if secure { "https" } else { "http" };
        let path = url.path().trim_end_matches('/').to_owned();
        Some(Self { origin: format!("{scheme}://{host}"), path, host, secure })
    }

    /// The address of the page about this attempt.
    pub(crate) fn url(&self, sealer: &Sealer, verification: &Verification) -> String {
        format!("{}{}{PREFIX}{}", self.origin, self.path, NoticeLink::of(verification).text(sealer))
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::Sm4Key;

    use super::*;
    use crate::ports::Entropy;

    fn sealer(key: &str) -> Sealer {
        Sealer::new(&Sm4Key::from_ascii(key).expect("a key"), Entropy::seeded(7))
    }

    #[test]
    fn a_link_is_known_as_it_was_made_and_in_no_other_form() {
        let mine = sealer("yanmi-test-key-1");
        let notice = NoticeNo::from_number(1_234_567_890_123).expect("a number");
        let link = NoticeLink { notice, until: UnixMillis::new(1_763_869_440_000), sequence: 3 };
        let text = link.text(&mine);
        assert_eq!(text.len(), 48);
        assert_eq!(NoticeLink::read(&text, &mine), Some(link));
        assert_eq!(NoticeLink::read(&text, &sealer("yanmi-test-key-2")), None, "another site");
        for at in 0..text.len() {
            let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut bent = text.clone();
            bent.replace_range(at..=at, other);
            assert_eq!(NoticeLink::read(&bent, &mine), None, "digit {at}");
            assert_eq!(NoticeLink::read(&text[..at], &mine), None, "cut at {at}");
        }
        assert_eq!(NoticeLink::read(&format!("{text}AAAA"), &mine), None);
        assert_eq!(NoticeLink::read(&"é".repeat(24), &mine), None);
    }

    #[test]
    fn check_numbers_are_spread_over_all_there_are() {
        let mine = sealer("yanmi-test-key-1");
        let number = |n: u64| {
            check_number(&mine, NoticeNo::from_number(NoticeNo::FIRST + n).expect("thirteen digits"))
        };
        assert_eq!(number(1), number(1));
        let all: std::collections::BTreeSet<String> = (0..2_000).map(number).collect();
        assert_eq!(all.len(), 100);
        assert!(all.iter().all(|text| text.len() == 2));
    }

    #[test]
    fn a_place_is_what_a_browser_calls_it() {
        let place = |url: &str| PageOrigin::new(&url.parse().expect("a URL")).expect("a host");
        let usual = place("https://Yanmi.Example.com:443/");
        assert_eq!(
            (usual.origin.as_str(), usual.host.as_str()),
            ("https://yanmi.example.com", "yanmi.example.com")
        );
        assert!(usual.secure && usual.path.is_empty());
        assert_eq!(place("https://yanmi.example.com/s/one/").path, "/s/one", "one host for many");
        let odd = place("http://127.0.0.1:8351");
        assert_eq!((odd.origin.as_str(), odd.host.as_str()), ("http://127.0.0.1:8351", "127.0.0.1:8351"));
        assert!(!odd.secure);
    }
}
