//! What all papers have in common: one text for one content, and a signature of that text.
//!
//! A paper is a JSON object whose members stand in a fixed order, without blanks; `signature` is the last of them. What is
//! signed is the object without it, so whoever has no program of ours cuts it off and asks OpenSSL.
//!
//! When a paper is read, its content is written anew and the signature is checked over that: blanks and the order of members
//! in the file mean nothing, a member nobody knows is refused, because no signature would cover it.

use std::fmt;

use serde::Serialize;
use sm3::{Digest, Sm3};
use yanmi_protocol::hex;

use crate::paper_error::PaperError;
use crate::private_key::PrivateKey;
use crate::public_key::{KeyId, PublicKey};
use crate::reader::Reader;
use crate::signature::Signature;

/// The only schema there is: other members, or other meanings, are another.
const SCHEMA: i64 = 1;

/// The content of a paper.
pub trait Paper: Sized + PartialEq {
    /// The distinguishing identifier of its signatures, which those of no other kind have.
    const ID: &'static str;
    /// Bytes of the largest file that is read.
    const MAX_BYTES: usize;

    /// The content as JSON with its members in their order, without schema and signature.
    fn written(&self) -> impl Serialize;

    /// Reads the content from the members of a file.
    ///
    /// # Errors
    /// [`PaperError`], which names the member.
    fn read(reader: &Reader<'_>) -> Result<Self, PaperError>;
}

/// A paper with the signature that stands under it. Whose it is has to be checked ([`Signed::check`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed<P> {
    paper: P,
    key: KeyId,
    signature: Signature,
}

/// The signature is not the one of this key over this paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forged {
    /// It says itself that it is of another key.
    OtherKey {
        /// The key it says it is of.
        named: KeyId,
        /// The key it was checked with.
        given: KeyId,
    },
    /// It is of this key, but not of this content.
    Changed,
}

/// The content with what every paper has.
#[derive(Serialize)]
struct Whole<T> {
    schema: i64,
    #[serde(flatten)]
    content: T,
}

impl<P: Paper> Signed<P> {
    /// Signs a paper.
    ///
    /// # Errors
    /// [`PaperError`] when a member is out of its bounds: nothing is signed that could not be read.
    pub fn new(paper: P, key: &PrivateKey) -> Result<Self, PaperError> {
        let text = text(&paper);
        let signature = key.sign(P::ID, text.as_bytes()).ok_or(PaperError::Key)?;
        let signed = Self { paper, key: key.public().id(), signature };
        let again = Self::read(signed.to_json().as_bytes())?;
        if again.paper == signed.paper { Ok(signed) } else { Err(PaperError::Ambiguous) }
    }

    /// Reads a file, whatever its blanks and the order of its members.
    ///
    /// # Errors
    /// [`PaperError`].
    pub fn read(bytes: &[u8]) -> Result<Self, PaperError> {
        if bytes.len() > P::MAX_BYTES {
            return Err(PaperError::TooLong(P::MAX_BYTES));
        }
        let reader = Reader::of_bytes(bytes)?;
        if reader.integer("schema", 0..=i64::MAX)? != SCHEMA {
            return Err(reader.other("schema", "应为 1：请升级 yanmi 以读取更新的格式"));
        }
        let inner = reader.object("signature")?;
        let key = inner.parsed("kid", 16, "16 位十六进制数字", KeyId::read)?;
        let signature = inner
            .parsed("sm2", 96, "SM2 签名（ASN.1）的 Base64", |text| Signature::from_base64(text).ok())?;
        inner.finish()?;
        let paper = P::read(&reader)?;
        reader.finish()?;
        Ok(Self { paper, key, signature })
    }

    /// Checks that the owner of this key signed this content.
    ///
    /// # Errors
    /// [`Forged`].
    pub fn check(&self, key: &PublicKey) -> Result<(), Forged> {
        if self.key != key.id() {
            return Err(Forged::OtherKey { named: self.key, given: key.id() });
        }
        let right = key.verifies(P::ID, text(&self.paper).as_bytes(), &self.signature);
        if right { Ok(()) } else { Err(Forged::Changed) }
    }

    /// The content. It is nobody's word before it was checked.
    pub const fn paper(&self) -> &P {
        &self.paper
    }

    /// The key it says it is signed with.
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// The file: one line.
    pub fn to_json(&self) -> String {
        let text = text(&self.paper);
        let open = text.strip_suffix('}').unwrap_or(&text);
        let (key, signature) = (self.key, self.signature.to_base64());
        format!("{open},\"signature\":{{\"kid\":\"{key}\",\"sm2\":\"{signature}\"}}}}\n")
    }

    /// SM3 of the text that is signed.
    pub fn digest(&self) -> [u8; 32] {
        Sm3::digest(text(&self.paper)).into()
    }

    /// The first sixteen hexadecimal digits of [`Signed::digest`], for print.
    pub fn short_digest(&self) -> String {
        hex::encode(&self.digest()[..8])
    }
}

/// The text that is signed.
fn text<P: Paper>(paper: &P) -> String {
    // Texts, numbers and lists can always be written.
    serde_json::to_string(&Whole { schema: SCHEMA, content: paper.written() }).unwrap_or_default()
}

impl fmt::Display for Forged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherKey { named, given } => {
                write!(f, "签名所用的密钥是 {named}，给出的公钥是 {given}")
            }
            Self::Changed => f.write_str("签名与内容不符：内容被改动，或不是签发方所签"),
        }
    }
}

impl std::error::Error for Forged {}
