//! The code an operator's phone shows: TOTP (RFC 6238) as every authenticator app knows it, with SHA-1, six digits,
//! a new one every thirty seconds.
//!
//! SHA-1 is what apps take without being asked for anything else; what is known against it does not touch HMAC.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use yanmi_protocol::UnixMillis;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::percent::encoded;

/// Bytes of a secret: as many as SHA-1 gives, which RFC 4226 recommends.
const SECRET: usize = 20;
/// Characters of a secret in base32, five bits each.
const CHARACTERS: usize = SECRET * 8 / 5;
/// How long a code is shown, in milliseconds.
const STEP_MILLIS: i64 = 30_000;
const DIGITS: usize = 6;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What the phone and the center share.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct TotpSecret([u8; SECRET]);

/// A text that is no secret of a second factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("验证器的密钥应为 {CHARACTERS} 位 base32（大写字母与 2 至 7）")]
pub struct TotpSecretError;

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl TotpSecret {
    /// A secret of these bytes, which nobody can guess.
    pub(crate) const fn from_bytes(bytes: [u8; SECRET]) -> Self {
        Self(bytes)
    }

    /// Reads 32 characters of base32; blanks between them are left out.
    ///
    /// # Errors
    /// When it is not so many digits of base32.
    pub fn read(text: &str) -> Result<Self, TotpSecretError> {
        let mut secret = Self([0; SECRET]);
        let mut count = 0;
        for byte in text.bytes().filter(|byte| *byte != b' ') {
            let value = BASE32.iter().position(|digit| *digit == byte).ok_or(TotpSecretError)?;
            for at in 0..5 {
                let (place, bit) = (count * 5 + at, (value >> (4 - at)) & 1);
                let part = secret.0.get_mut(place / 8).ok_or(TotpSecretError)?;
                *part |= u8::try_from(bit).unwrap_or_default() << (7 - place % 8);
            }
            count += 1;
        }
        if count == CHARACTERS { Ok(secret) } else { Err(TotpSecretError) }
    }

    /// What the phone shows at `now`.
    pub fn shown(&self, now: UnixMillis) -> String {
        self.code(now.get() / STEP_MILLIS).iter().map(|digit| char::from(*digit)).collect()
    }

    /// The bytes, to be sealed.
    pub(crate) const fn bytes(&self) -> &[u8; SECRET] {
        &self.0
    }

    /// For a person to type: base32 without padding, in groups of four.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(CHARACTERS + CHARACTERS / 4));
        for (at, character) in self.characters().enumerate() {
            if at > 0 && at % 4 == 0 {
                out.push(' ');
            }
            out.push(character);
        }
        out
    }

    /// For a camera: the address an authenticator app reads from a QR code. The app lists it as `login` of `issuer`.
    pub(crate) fn uri(&self, login: &str, issuer: &str) -> Zeroizing<String> {
        let (login, issuer) = (encoded(login), encoded(issuer));
        // The secret comes last and everything before it is there, so that it is never moved and left behind.
        let head = format!(
            "otpauth://totp/{issuer}:{login}?issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={}&secret=",
            STEP_MILLIS / 1000
        );
        let mut out = Zeroizing::new(String::with_capacity(head.len() + CHARACTERS));
        out.push_str(&head);
        out.extend(self.characters());
        out
    }

    /// The step whose code this is: the present one, or a neighbor of it, because clocks differ and people type slowly.
    /// Nothing for any other code, and for a step that is not after `used`: a code is good once. Whoever lets somebody
    /// in with it notes the step as the one that was used.
    pub(crate) fn fits(&self, code: &str, now: UnixMillis, used: i64) -> Option<i64> {
        let typed: [u8; DIGITS] = code.as_bytes().try_into().ok()?;
        if !typed.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let present = now.get() / STEP_MILLIS;
        let mut found = used;
        // All are computed and the last that fits is taken: two steps can have the same code, which is good once as well.
        for step in present - 1..=present + 1 {
            let is_later = Choice::from(u8::from(step > used));
            found.conditional_assign(&step, self.code(step).ct_eq(&typed) & is_later);
        }
        (found > used).then_some(found)
    }

    /// The code of a step (RFC 4226, section 5.3).
    fn code(&self, step: i64) -> [u8; DIGITS] {
        let mut mac = keyed(&self.0);
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let at = usize::from(hash[hash.len() - 1] & 0xF);
        let mut number = u32::from_be_bytes([hash[at] & 0x7F, hash[at + 1], hash[at + 2], hash[at + 3]]);
        let mut digits = [b'0'; DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
        digits
    }

    fn characters(&self) -> impl Iterator<Item = char> {
        let bit = |at: usize| (self.0[at / 8] >> (7 - at % 8)) & 1;
        (0..CHARACTERS).map(move |at| {
            let value = (at * 5..at * 5 + 5).fold(0, |value, at| (value << 1) | bit(at));
            char::from(BASE32[usize::from(value)])
        })
    }
}

/// HMAC under a key that fits into a block of SHA-1.
fn keyed(key: &[u8; SECRET]) -> Hmac<Sha1> {
    let mut block = Zeroizing::new([0; 64]);
    block[..SECRET].copy_from_slice(key);
    Hmac::new(&(*block).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(*b"12345678901234567890")
    }

    fn at(second: i64) -> UnixMillis {
        UnixMillis::new(second * 1000)
    }

    #[test]
    fn the_codes_of_the_rfc() {
        // Appendix B: the last six of its eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(secret().fits(code, at(second), 0), Some(second / 30), "{second}");
        }
        // 20000000000 is past the last moment there is here.
        assert_eq!(&secret().code(20_000_000_000 / 30), b"353130");
    }

    #[test]
    fn a_code_is_good_once_and_for_a_step_before_and_after() {
        let secret = secret();
        let code = |step: i64| String::from_utf8(secret.code(step).to_vec()).expect("digits");
        let (present, now) = (37_037_036, at(1_111_111_109));
        for step in present - 1..=present + 1 {
            assert_eq!(secret.fits(&code(step), now, present - 2), Some(step), "{step}");
            assert_eq!(secret.fits(&code(step), now, step - 1), Some(step), "{step}");
            assert_eq!(secret.fits(&code(step), now, step), None, "{step} was used");
            assert_eq!(secret.fits(&code(step), now, i64::MAX), None, "{step} is before what was used");
        }
        for step in [present - 2, present + 2] {
            assert_eq!(secret.fits(&code(step), now, 0), None, "{step}");
        }
        // A step ends with its last millisecond.
        let next = code(present + 2);
        let end = UnixMillis::new((present + 1) * STEP_MILLIS - 1);
        assert_eq!(secret.fits(&next, end, 0), None);
        assert_eq!(secret.fits(&next, UnixMillis::new(end.get() + 1), 0), Some(present + 2));
    }

    #[test]
    fn what_is_no_code_fits_nothing() {
        let (secret, now) = (secret(), at(59));
        for code in [
            "",
            "28708",
            "2870820",
            "94287082",
            " 287082",
            "287 082",
            "28708２",
            "+87082",
            "28708a",
            "２８７０８２",
            "287083",
        ] {
            assert_eq!(secret.fits(code, now, 0), None, "{code:?}");
        }
    }

    #[test]
    fn a_secret_is_told_to_a_person_and_a_camera_and_to_no_log() {
        let secret = secret();
        assert_eq!(secret.bytes(), b"12345678901234567890");
        assert_eq!(*secret.text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(*TotpSecret::from_bytes([0xFF; SECRET]).text(), ["7777"; 8].join(" "));
        assert_eq!(TotpSecret::read(&secret.text()).expect("a secret").bytes(), secret.bytes());
        assert_eq!(secret.shown(at(59)), "287082");
        for text in ["", "GEZD", &"1".repeat(CHARACTERS), &"A".repeat(CHARACTERS + 1), "秘密"] {
            assert_eq!(TotpSecret::read(text).err(), Some(TotpSecretError), "{text}");
        }
        assert_eq!(
            *secret.uri("li.ming@a b", "严密:省中心"),
            "otpauth://totp/%E4%B8%A5%E5%AF%86%3A%E7%9C%81%E4%B8%AD%E5%BF%83:li.ming%40a%20b\
             ?issuer=%E4%B8%A5%E5%AF%86%3A%E7%9C%81%E4%B8%AD%E5%BF%83&algorithm=SHA1&digits=6&period=30\
             &secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        );
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
    }
}
