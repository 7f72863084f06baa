//! QR codes, tokens and face authorizations that carry their meaning inside themselves.
//!
//! A national center remembers what it issued. This one need not: each thing it issues says whose it is and
//! through which app, and ends in a check value made with the national key, so that nobody hits a valid one by
//! mistyping. It can be restarted, or replaced by another one with the same [`crate::World`], at any moment.
//!
//! | what | shape |
//! |---|---|
//! | QR code, 28 digits | `424`, person (3), channel (2), chance (8), check (4), chance (2), province (2), `0000` |
//! | face authorization, 28 | `ano`, then the same with channel 00 |
//! | token, 38 | region (6), `s`, person (2), channel (2), chance (7), decode time in seconds (8 hex), `0000`, check (8 hex) |
//!
//! In tokens, person, channel and chance are written in `[0-9a-v]`. Persons and channels are positions in the
//! world's lists.

use sm3::{Digest, Sm3};
use yanmi_protocol::{AuthNo, EcToken, QrCode, Region, Sm4Key, UnixMillis};

const QR_MARK: &str = "424";
const FACE_MARK: &str = "ano";
const TOKEN_MARK: u8 = b's';
const DIGITS_32: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
/// Random bytes one issue needs.
pub(crate) const CHANCE: usize = 8;

/// Issues and reads.
#[derive(Debug)]
pub(crate) struct Mint {
    region: Region,
    key: Sm4Key,
}

/// Whose and through which app: positions in the world's lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Holder {
    pub(crate) person: usize,
    pub(crate) channel: usize,
}

impl Mint {
    pub(crate) const fn new(region: Region, key: Sm4Key) -> Self {
        Self { region, key }
    }

    pub(crate) fn qr_code(&self, holder: Holder, chance: [u8; CHANCE]) -> Option<QrCode> {
        QrCode::new(&self.digits(QR_MARK, holder, chance)?).ok()
    }

    pub(crate) fn read_qr_code(&self, code: &QrCode) -> Option<Holder> {
        self.read_digits(QR_MARK, code.as_str())
    }

    pub(crate) fn auth_no(&self, person: usize, chance: [u8; CHANCE]) -> Option<AuthNo> {
        AuthNo::new(&self.digits(FACE_MARK, Holder { person, channel: 0 }, chance)?).ok()
    }

    pub(crate) fn read_auth_no(&self, number: &AuthNo) -> Option<usize> {
        self.read_digits(FACE_MARK, number.as_str()).map(|holder| holder.person)
    }

    fn digits(&self, mark: &str, holder: Holder, chance: [u8; CHANCE]) -> Option<String> {
        if holder.person > 999 || holder.channel > 99 {
            return None;
        }
        let chance = u64::from_le_bytes(chance);
        let first = chance % 100_000_000;
        let second = chance / 100_000_000 % 100;
        let head = format!("{mark}{:03}{:02}{first:08}", holder.person, holder.channel);
        let check = self.check(&head) % 10_000;
        Some(format!("{head}{check:04}{second:02}{}0000", &self.region.as_str()[..2]))
    }

    fn read_digits(&self, mark: &str, text: &str) -> Option<Holder> {
        let digits = text.strip_prefix(mark)?;
        let shape = digits.len() == 25
            && digits.bytes().all(|b| b.is_ascii_digit())
            && digits.get(19..21) == self.region.as_str().get(..2)
            && digits.ends_with("0000");
        let head = text.get(..16).filter(|_| shape)?;
        let check: u32 = digits.get(13..17)?.parse().ok()?;
        let person = digits.get(..3)?.parse().ok()?;
        let channel = digits.get(3..5)?.parse().ok()?;
        (self.check(head) % 10_000 == check).then_some(Holder { person, channel })
    }

    pub(crate) fn token(&self, holder: Holder, at: UnixMillis, chance: [u8; CHANCE]) -> Option<EcToken> {
        let seconds = u32::try_from(at.get() / 1_000).ok()?;
        let mut head = self.region.as_str().to_owned();
        head.push(char::from(TOKEN_MARK));
        push_32(&mut head, u64::try_from(holder.person).ok()?, 2)?;
        push_32(&mut head, u64::try_from(holder.channel).ok()?, 2)?;
        push_32(&mut head, u64::from_le_bytes(chance) % (1 << 35), 7)?;
        let head = format!("{head}{seconds:08x}0000");
        EcToken::new(&format!("{head}{:08x}", self.check(&head))).ok()
    }

    /// Whose token it is, and when it was issued, to the second.
    pub(crate) fn read_token(&self, token: &EcToken) -> Option<(Holder, UnixMillis)> {
        let text = token.as_str();
        let (head, check) = text.split_at_checked(30)?;
        if check != format!("{:08x}", self.check(head)) || !head.starts_with(self.region.as_str()) {
            return None;
        }
        let inner = head.get(6..)?.strip_prefix(char::from(TOKEN_MARK))?;
        let person = read_32(inner.get(..2)?)?;
        let channel = read_32(inner.get(2..4)?)?;
        let seconds = i64::from_str_radix(inner.get(11..19)?, 16).ok()?;
        Some((Holder { person, channel }, UnixMillis::new(seconds * 1_000)))
    }

    fn check(&self, text: &str) -> u32 {
        let digest = Sm3::new().chain_update(self.key.bytes()).chain_update(text).finalize();
        digest.iter().take(4).fold(0, |value, byte| (value << 8) | u32::from(*byte))
    }
}

/// Writes `value` in `[0-9a-v]`, `width` characters; nothing when it does not fit.
fn push_32(out: &mut String, value: u64, width: u32) -> Option<()> {
    if value >> (5 * width) != 0 {
        return None;
    }
    for place in (0..width).rev() {
        let digit = usize::try_from((value >> (5 * place)) & 31).ok()?;
        out.push(char::from(DIGITS_32[digit]));
    }
    Some(())
}

fn read_32(text: &str) -> Option<usize> {
    usize::from_str_radix(text, 32).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mint() -> Mint {
        Mint::new(Region::new("350000").expect("a region"), Sm4Key::from_bytes(&[7; 16]))
    }

    #[test]
    fn what_is_issued_is_read_back() {
        let at = UnixMillis::new(1_700_000_000_000);
        for person in [0, 1, 31, 32, 999] {
            for channel in [0, 7, 99] {
                let holder = Holder { person, channel };
                let chance = [u8::try_from(person % 251).expect("small"); 8];
                let qr = mint().qr_code(holder, chance).expect("fits");
                assert_eq!(qr.as_str().len(), 28);
                assert!(qr.as_str().starts_with("424") && qr.as_str().ends_with("350000"));
                assert_eq!(mint().read_qr_code(&qr), Some(holder));
                let token = mint().token(holder, at, chance).expect("fits");
                assert_eq!(token.as_str().len(), 38);
                assert_eq!(mint().read_token(&token), Some((holder, at)));
                let face = mint().auth_no(person, chance).expect("fits");
                assert_eq!((face.as_str().len(), mint().read_auth_no(&face)), (28, Some(person)));
            }
        }
        assert!(mint().qr_code(Holder { person: 1_000, channel: 0 }, [0; 8]).is_none());
        assert!(mint().token(Holder { person: 1_024, channel: 0 }, at, [0; 8]).is_none());
    }

    #[test]
    fn a_mistyped_character_makes_it_unknown() {
        let holder = Holder { person: 3, channel: 1 };
        let qr = mint().qr_code(holder, [9; 8]).expect("fits");
        let token = mint().token(holder, UnixMillis::new(1_700_000_000_000), [9; 8]).expect("fits");
        let altered = |text: &str, at: usize| {
            let new = if text.as_bytes()[at] == b'1' { "2" } else { "1" };
            format!("{}{new}{}", &text[..at], &text[at + 1..])
        };
        for at in 0..38 {
            let text = altered(token.as_str(), at);
            assert_eq!(mint().read_token(&EcToken::new(&text).expect("a token")), None, "{at}");
        }
        // The two random digits after the check and nothing else are free.
        for at in (0..28).filter(|at| !(20..22).contains(at)) {
            let text = altered(qr.as_str(), at);
            assert_eq!(mint().read_qr_code(&QrCode::new(&text).expect("a code")), None, "{at}");
        }
    }

    #[test]
    fn another_center_does_not_know_it() {
        let other = Mint::new(Region::new("350000").expect("a region"), Sm4Key::from_bytes(&[8; 16]));
        let holder = Holder { person: 3, channel: 1 };
        let token = mint().token(holder, UnixMillis::new(1_700_000_000_000), [9; 8]).expect("fits");
        assert_eq!(other.read_token(&token), None);
        for text in ["opc3754826492874240001130000", "4243754826492874240001130000", "424"] {
            assert_eq!(mint().read_qr_code(&QrCode::new(text).expect("a code")), None);
        }
    }
}
