//! What a message may have been enciphered with: what became of the key on its way, which cipher, and which mode.

use aes::{Aes128, Aes256};
use md5::{Digest, Md5};
use sha1::Sha1;
use sm4::Sm4;
use sm4::cipher::{BlockCipherDecrypt, KeyInit};
use yanmi_protocol::Sm4Key;
use zeroize::Zeroizing;

use crate::diagnosis::MAX_TOGETHER;
use crate::mistake::Mistake;
use crate::writing::{from_base64, from_hex};

pub(crate) const BLOCK: usize = 16;
pub(crate) type Block = [u8; BLOCK];

/// One way to decipher.
pub(crate) struct Attempt {
    algorithm: Algorithm,
    mode: Mode,
    /// The first bytes of its key, which some take for the initial vector.
    vector: Zeroizing<Block>,
    pub(crate) mistakes: Vec<Mistake>,
}

#[derive(Clone)]
enum Algorithm {
    Sm4(Sm4),
    Aes128(Box<Aes128>),
    Aes256(Box<Aes256>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ecb,
    Cbc(Vector),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Vector {
    Zero,
    Key,
    Front,
    Unknown,
}

const MODES: [(Mode, Option<Mistake>); 5] = [
    (Mode::Ecb, None),
    (Mode::Cbc(Vector::Zero), Some(Mistake::CbcZero)),
    (Mode::Cbc(Vector::Key), Some(Mistake::CbcKey)),
    (Mode::Cbc(Vector::Front), Some(Mistake::CbcFront)),
    (Mode::Cbc(Vector::Unknown), Some(Mistake::CbcUnknown)),
];

/// Every way with at most [`MAX_TOGETHER`] mistakes, the right one first.
pub(crate) fn attempts(key: &Sm4Key) -> Vec<Attempt> {
    let mut out = Vec::new();
    for (bytes, wrong_key) in keys(key) {
        for (algorithm, wrong_algorithm) in algorithms(&bytes) {
            for (mode, wrong_mode) in MODES {
                let mistakes: Vec<_> =
                    [wrong_algorithm, wrong_mode, wrong_key].into_iter().flatten().collect();
                if mistakes.len() <= MAX_TOGETHER {
                    let mut vector = Zeroizing::new([0; BLOCK]);
                    vector.copy_from_slice(&bytes[..BLOCK]);
                    out.push(Attempt { algorithm: algorithm.clone(), mode, vector, mistakes });
                }
            }
        }
    }
    out.sort_by_key(|attempt| attempt.mistakes.len());
    out
}

type Bytes = Zeroizing<Vec<u8>>;

/// What may have become of the key: 16 or 32 bytes each, none twice.
fn keys(key: &Sm4Key) -> Vec<(Bytes, Option<Mistake>)> {
    let right = key.bytes();
    let upper = key.to_hex();
    let lower = Zeroizing::new(upper.to_lowercase());
    let text = std::str::from_utf8(right).ok().filter(|text| text.bytes().all(|b| b.is_ascii_graphic()));
    let mut out: Vec<(Bytes, Option<Mistake>)> = Vec::new();
    let mut add = |bytes: &[u8], mistake: Option<Mistake>| {
        if matches!(bytes.len(), BLOCK | 32) && out.iter().all(|(known, _)| **known != bytes) {
            out.push((Zeroizing::new(bytes.to_vec()), mistake));
        }
    };
    add(right, None);
    for digits in [&*upper, &*lower] {
        let digits = digits.as_bytes();
        // Most libraries use the first sixteen characters; AES has a use for all of them.
        add(&digits[..BLOCK], Some(Mistake::HexKeyAsText));
        add(digits, Some(Mistake::HexKeyAsText));
        add(&digits[BLOCK..], Some(Mistake::HalfKey));
    }
    for half in [&right[..BLOCK / 2], &right[BLOCK / 2..]] {
        add(&[half, &[0; BLOCK / 2]].concat(), Some(Mistake::HalfKey));
        add(&[half, half].concat(), Some(Mistake::HalfKey));
    }
    if let Some(text) = text {
        add(&as_digits(text), Some(Mistake::TextKeyAsHex));
        if let Some(half) = from_hex(text) {
            add(&[&half[..], &half[..]].concat(), Some(Mistake::TextKeyAsHex));
        }
    }
    for written in [&*upper, &*lower, text.unwrap_or_default()] {
        if let Some(bytes) = from_base64(written) {
            add(bytes.get(..BLOCK).unwrap_or_default(), Some(Mistake::Base64Key));
        }
    }
    for seed in [upper.as_bytes(), lower.as_bytes(), right] {
        for digest in digests(seed) {
            add(&digest, Some(Mistake::Md5Key));
        }
        // `SHA1PRNG` gives the digest of the digest of its seed.
        add(&Sha1::digest(Sha1::digest(seed))[..BLOCK], Some(Mistake::Sha1PrngKey));
    }
    let reversed: Vec<u8> = right.iter().rev().copied().collect();
    add(&reversed, Some(Mistake::ReversedKey));
    out
}

/// A library that takes text as digits turns what is no digit into zero, two characters a byte, zeros behind.
fn as_digits(text: &str) -> Block {
    let mut bytes = [0; BLOCK];
    for (slot, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap_or(0)).unwrap_or(0);
        *slot = pair.iter().fold(0, |value, byte| (value << 4) | digit(*byte));
    }
    bytes
}

/// The MD5 as it is used for a key: its bytes, or the characters of its digits: all, the first half, or "16 位 MD5", which is
/// the middle.
fn digests(seed: &[u8]) -> Vec<Vec<u8>> {
    let digest = Md5::digest(seed);
    let lower: String = format!("{:032x}", u128::from_be_bytes(digest.into()));
    let mut out = vec![digest.to_vec()];
    for digits in [lower.to_uppercase(), lower] {
        let digits = digits.as_bytes();
        out.extend([digits[8..24].to_vec(), digits[..BLOCK].to_vec(), digits.to_vec()]);
    }
    out
}

fn algorithms(key: &[u8]) -> Vec<(Algorithm, Option<Mistake>)> {
    if let Ok(key) = <[u8; 32]>::try_from(key) {
        return vec![(Algorithm::Aes256(Box::new(Aes256::new(&key.into()))), Some(Mistake::Aes))];
    }
    let Ok(key) = Block::try_from(key) else { return Vec::new() };
    vec![
        (Algorithm::Sm4(Sm4::new(&key.into())), None),
        (Algorithm::Aes128(Box::new(Aes128::new(&key.into()))), Some(Mistake::Aes)),
    ]
}

impl Attempt {
    /// The first block that shows something when this way is right, deciphered.
    pub(crate) fn head(&self, bytes: &[u8]) -> Option<Block> {
        let at = usize::from(matches!(self.mode, Mode::Cbc(Vector::Front | Vector::Unknown)));
        let blocks = bytes.as_chunks::<BLOCK>().0;
        self.plain(blocks, at)
    }

    /// All whole blocks, deciphered.
    pub(crate) fn decipher(&self, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        let blocks = bytes.as_chunks::<BLOCK>().0;
        let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
        let first = usize::from(self.mode == Mode::Cbc(Vector::Front));
        for block in (first..blocks.len()).filter_map(|at| self.plain(blocks, at)) {
            out.extend_from_slice(&block);
        }
        out
    }

    /// Whether each block is for itself, so that a message could be enciphered a second time without more ado.
    pub(crate) fn is_ecb(&self) -> bool {
        self.mode == Mode::Ecb
    }

    /// Whether the first block is lost.
    pub(crate) fn lost_first(&self) -> bool {
        self.mode == Mode::Cbc(Vector::Unknown)
    }

    /// One block as it comes out of the cipher, whatever the mode.
    pub(crate) fn raw(&self, block: &Block) -> Block {
        let mut out = (*block).into();
        match &self.algorithm {
            Algorithm::Sm4(cipher) => cipher.decrypt_block(&mut out),
            Algorithm::Aes128(cipher) => cipher.decrypt_block(&mut out),
            Algorithm::Aes256(cipher) => cipher.decrypt_block(&mut out),
        }
        out.into()
    }

    fn plain(&self, blocks: &[Block], at: usize) -> Option<Block> {
        let mut block = self.raw(blocks.get(at)?);
        let before = match self.mode {
            Mode::Ecb => return Some(block),
            Mode::Cbc(_) if at > 0 => &blocks[at - 1],
            Mode::Cbc(Vector::Key) => &*self.vector,
            Mode::Cbc(_) => &[0; BLOCK],
        };
        block.iter_mut().zip(before).for_each(|(byte, mixed)| *byte ^= mixed);
        Some(block)
    }
}
