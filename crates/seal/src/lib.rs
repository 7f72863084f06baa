//! What is kept secret at rest: the center's persons and keys, and the visits of an institution.
//!
//! A site has one key for what it stores. From it a key is derived for every purpose, so that what is sealed for one opens
//! for no other:
//!
//! * [`SealKey`] seals a value with SM4-GCM. The value is bound to a place, a text of the caller's: moved to another row or
//!   column it no longer opens. Two sealings of one value differ in their nonce and tell nothing when they are compared.
//! * [`HashKey`] makes the keyed hash (HMAC-SM3) by which a sealed value is found again.
//!
//! Chance comes in as an argument: nothing here does I/O or reads a clock.

use std::fmt;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{AesGcm, Nonce};
use hmac::{Hmac, Mac};
use sm3::Sm3;
use sm4::Sm4;
use yanmi_protocol::Sm4Key;
use zeroize::Zeroizing;

/// Bytes of a nonce, which stands before what it was used for.
pub const NONCE: usize = 12;
/// Bytes of the tag behind the cipher text.
pub const TAG: usize = 16;
/// Bytes of a keyed hash.
pub const HASH: usize = 32;
/// The block of SM3; a longer key would have to be hashed first.
const SM3_BLOCK: usize = 64;

/// A sealed value does not open: another key, another place, or not what was stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SealBroken;

impl fmt::Display for SealBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("密文无法打开：密钥加密密钥不符，或数据被改动")
    }
}

impl std::error::Error for SealBroken {}

/// A key that seals, derived for one purpose. `Debug` shows nothing.
#[derive(Clone)]
pub struct SealKey(AesGcm<Sm4, U12>);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl SealKey {
    /// The key of a site for a purpose.
    pub fn derive(site: &Sm4Key, purpose: &str) -> Self {
        let derived = HashKey::derive(site, purpose);
        // The left half of the derived bytes; an SM4 key has sixteen.
        let mut half = Zeroizing::new([0; 16]);
        half.copy_from_slice(&derived.0[..16]);
        Self(AesGcm::new(&(*half).into()))
    }

    /// Seals a value into its place: nonce, cipher text and tag. A nonce is used once: fill it with fresh random bytes.
    pub fn seal(&self, place: &[u8], nonce: [u8; NONCE], value: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: value, aad: place };
        // Encryption fails only for values of many gigabytes.
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
        [&nonce[..], &sealed].concat()
    }

    /// Opens a value from its place.
    ///
    /// # Errors
    /// [`SealBroken`] unless it was sealed with this key into this place and is whole.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE>().ok_or(SealBroken)?;
        let payload = Payload { msg: text, aad: place };
        self.0.decrypt(&Nonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| SealBroken)
    }
}

/// A key of keyed hashes, derived for one purpose. `Debug` shows nothing.
#[derive(Clone)]
pub struct HashKey(Zeroizing<[u8; HASH]>);

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(…)")
    }
}

impl HashKey {
    /// The key of a site for a purpose.
    pub fn derive(site: &Sm4Key, purpose: &str) -> Self {
        Self(Zeroizing::new(hash(site.bytes(), &[purpose.as_bytes()])))
    }

    /// The keyed hash of some parts. Each is preceded by its length, so that no two lists of parts are the same bytes.
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; HASH] {
        hash(&self.0, parts)
    }
}

fn hash<const N: usize>(key: &[u8; N], parts: &[&[u8]]) -> [u8; HASH] {
    const { assert!(N <= SM3_BLOCK, "a longer key would have to be hashed first") };
    let mut block = Zeroizing::new([0; SM3_BLOCK]);
    block[..N].copy_from_slice(key);
    let mut mac = Hmac::<Sm3>::new(&(*block).into());
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Sm4Key {
        Sm4Key::from_bytes(&[byte; 16])
    }

    #[test]
    fn a_value_opens_with_its_key_in_its_place_and_nowhere_else() {
        let seal = SealKey::derive(&key(7), "a test");
        let sealed = seal.seal(b"row 1", [1; NONCE], b"a name");
        assert_eq!(sealed.len(), NONCE + 6 + TAG);
        assert_eq!(&*seal.open(b"row 1", &sealed).expect("opens"), b"a name");
        assert_eq!(seal.open(b"row 2", &sealed), Err(SealBroken));
        for other in [SealKey::derive(&key(8), "a test"), SealKey::derive(&key(7), "another")] {
            assert_eq!(other.open(b"row 1", &sealed), Err(SealBroken));
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(b"row 1", &changed), Err(SealBroken), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert_eq!(seal.open(b"row 1", &sealed[..length]), Err(SealBroken), "{length} bytes");
        }
        assert_ne!(seal.seal(b"row 1", [2; NONCE], b"a name")[NONCE..], sealed[NONCE..]);
    }

    #[test]
    fn a_hash_is_of_its_key_and_of_its_parts() {
        let hashes = HashKey::derive(&key(7), "a test");
        assert_eq!(hashes.hash(&[b"ab", b"c"]), hashes.hash(&[b"ab", b"c"]));
        assert_ne!(hashes.hash(&[b"ab", b"c"]), hashes.hash(&[b"a", b"bc"]));
        assert_ne!(hashes.hash(&[b"a"]), HashKey::derive(&key(7), "another").hash(&[b"a"]));
        assert_ne!(hashes.hash(&[b"a"]), HashKey::derive(&key(8), "a test").hash(&[b"a"]));
        assert_eq!(format!("{hashes:?}"), "HashKey(…)");
    }
}
