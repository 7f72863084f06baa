//! The mac of an envelope (E13, an extension of ours): that it is whole, and whose it is.
//!
//! SM4 in ECB without a tag lets whoever is on the line cut blocks, paste them from other envelopes, play an envelope
//! again and forge refusals, which are not sealed at all. A caller may therefore add the outer member `mac`, and is then
//! answered with one. It is HMAC-SM3, under a key that HKDF-SM3 derives from the account's, over everything that stands
//! outside and the path it was posted to; that of an answer covers the mac of its request, so that an answer belongs to
//! one request. Each part is preceded by its length, so that no two lists of parts are the same bytes.
//!
//! What the mac does not do is tell the first arrival of an envelope from the second: whoever takes it remembers that.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac as _};
use sm3::Sm3;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::block::BLOCK;
use crate::hex;

/// Digits of a mac.
pub const MAC_DIGITS: usize = 64;
/// Separates this use of an account's key from every other (HKDF's `info`).
const INFO: &[u8] = b"yanmi/envelope/mac/1";
/// Bytes of a digest.
const DIGEST: usize = 32;

/// What macs are made with, derived once from a key. `Debug` shows nothing.
#[derive(Clone)]
pub struct MacKey(Hmac<Sm3>);

/// What stands outside of a request, as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// Where it was posted: the path without what a site puts before `/cfc/` (E15).
    pub path: &'a str,
    /// `orgId`.
    pub org_id: &'a str,
    /// `version`.
    pub version: &'a str,
    /// `reqtType`.
    pub reqt_type: &'a str,
    /// `timestamp`.
    pub timestamp: &'a str,
    /// `encData`, digits in the case they were sent in.
    pub enc_data: &'a str,
}

/// What stands outside of an answer.
#[derive(Clone, Copy, Debug)]
pub struct AnswerParts<'a> {
    /// `mac` of the request, digits in the case they were sent in.
    pub request: &'a str,
    /// `code`.
    pub code: i64,
    /// `message`.
    pub message: &'a str,
    /// `encData`, when there is one.
    pub enc_data: Option<&'a str>,
}

impl MacKey {
    /// HKDF-SM3 of a key, without salt. One block of output is all there is to it.
    pub(crate) fn derive(key: &[u8; BLOCK]) -> Self {
        let digest = |key: &[u8], data: &[&[u8]]| {
            let mut hmac = keyed(key);
            for part in data {
                hmac.update(part);
            }
            Zeroizing::new(<[u8; DIGEST]>::from(hmac.finalize().into_bytes()))
        };
        let extracted = digest(&[0; DIGEST], &[key]);
        let expanded = digest(extracted.as_slice(), &[INFO, &[1]]);
        Self(keyed(expanded.as_slice()))
    }

    /// The mac of a request, in upper-case digits.
    pub fn request(&self, parts: &RequestParts<'_>) -> String {
        written(&self.of_request(parts))
    }

    /// Whether these digits are the mac of a request. It takes as long whichever they are.
    pub fn is_of_request(&self, digits: &str, parts: &RequestParts<'_>) -> bool {
        is_same(digits, &self.of_request(parts))
    }

    /// The mac of an answer, in upper-case digits.
    pub fn answer(&self, parts: &AnswerParts<'_>) -> String {
        written(&self.of_answer(parts))
    }

    /// Whether these digits are the mac of an answer.
    pub fn is_of_answer(&self, digits: &str, parts: &AnswerParts<'_>) -> bool {
        is_same(digits, &self.of_answer(parts))
    }

    fn of_request(&self, parts: &RequestParts<'_>) -> [u8; DIGEST] {
        let RequestParts { path, org_id, version, reqt_type, timestamp, enc_data } = *parts;
        self.over(["request", path, org_id, version, reqt_type, timestamp, enc_data])
    }

    fn of_answer(&self, parts: &AnswerParts<'_>) -> [u8; DIGEST] {
        let AnswerParts { request, code, message, enc_data } = *parts;
        self.over(["answer", request, &code.to_string(), message, enc_data.unwrap_or_default()])
    }

    fn over<const PARTS: usize>(&self, parts: [&str; PARTS]) -> [u8; DIGEST] {
        let mut hmac = self.0.clone();
        for part in parts {
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part.as_bytes());
        }
        hmac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

/// HMAC under a key that fits into a block, as all keys here do.
fn keyed(key: &[u8]) -> Hmac<Sm3> {
    let mut block = Zeroizing::new([0; 2 * DIGEST]);
    block[..key.len()].copy_from_slice(key);
    Hmac::new(&(*block).into())
}

fn written(digest: &[u8; DIGEST]) -> String {
    let mut out = String::with_capacity(MAC_DIGITS);
    hex::push(digest, &mut out);
    out
}

fn is_same(digits: &str, digest: &[u8; DIGEST]) -> bool {
    hex::decode(digits).is_some_and(|given| given.ct_eq(digest).into())
}

/// Whether a text is of the form of a mac.
pub(crate) fn is_well_formed(digits: &str) -> bool {
    digits.len() == MAC_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}
