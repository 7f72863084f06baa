//! The credential password, which is never seen: six digits travel as their SM3 digest.

use std::fmt;

use sm3::{Digest, Sm3};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::hex;

/// Digits of a credential password.
pub const PASSWORD_DIGITS: usize = 6;
/// Hexadecimal digits of `userPwd`.
pub const DIGEST_DIGITS: usize = 64;

/// `userPwd`: SM3 of the six digits, 64 hexadecimal digits on the wire, upper case when sent.
///
/// It falls to a table of a million entries, so it is as secret as the password: never stored, never logged,
/// wiped on drop, compared in constant time. It stays in one place while what holds it is moved, because a moved value
/// leaves a copy behind that nobody wipes.
#[derive(Clone)]
pub struct PasswordDigest(Box<Zeroizing<[u8; DIGEST_BYTES]>>);

/// Bytes of the digest.
const DIGEST_BYTES: usize = DIGEST_DIGITS / 2;

impl PasswordDigest {
    /// The digest of a password of six digits; nothing for any other text.
    pub fn of(password: &str) -> Option<Self> {
        let fits = password.len() == PASSWORD_DIGITS && password.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| {
            let mut digest = Self(Box::default());
            Sm3::new_with_prefix(password).finalize_into((&mut **digest.0).into());
            digest
        })
    }

    /// The digest written as 64 hexadecimal digits, in either case; nothing for any other text.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut digest = Self(Box::default());
        hex::decode_into(text, &mut **digest.0).then_some(digest)
    }

    /// 64 upper-case hexadecimal digits, for sealing into a request.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(&**self.0))
    }
}

/// Compares in constant time.
impl PartialEq for PasswordDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&**other.0).into()
    }
}

impl Eq for PasswordDigest {}

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_sample_is_the_digest_of_six_ones() {
        let digest = PasswordDigest::of("111111").expect("six digits");
        let hex = "C7F66BEEE198FB411C8623E53CBBC6EB1E0F078B5D68ED7F10D02FFB0AF46D44";
        assert_eq!(&*digest.to_hex(), hex);
        assert_eq!(PasswordDigest::from_hex(&hex.to_lowercase()), Some(digest.clone()));
        assert_eq!(format!("{digest:?}"), "PasswordDigest(…)");
        assert_ne!(Some(digest), PasswordDigest::of("111112"));
        for bad in ["", "11111", "1111111", "11111a", "１１１１１１"] {
            assert_eq!(PasswordDigest::of(bad), None);
        }
        for bad in ["", &hex[1..], &hex.replace('C', "G")] {
            assert_eq!(PasswordDigest::from_hex(bad), None);
        }
    }
}
