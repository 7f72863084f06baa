//! An account's key, made out to the owner of an SM2 public key (`offer.json`).
//!
//! It may be mailed: only the private key opens it, and the center's signature says that the center made it, and for which
//! application. What is encrypted is the key and, behind it, SM3 of the application's number, so that a cipher text
//! that was cut out of another offer says so itself to whoever opens it with OpenSSL alone.
//!
//! The key-check value is not in it. The institution tells it back, and that only says something when it cannot be copied.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sm3::{Digest, Sm3};
use yanmi_protocol::key::BLOCK;
use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};
use zeroize::Zeroizing;

use crate::chance::Chance;
use crate::number::ApplicationNo;
use crate::paper::Paper;
use crate::paper_error::PaperError;
use crate::private_key::{DecryptError, PrivateKey};
use crate::public_key::{KeyId, PublicKey};
use crate::reader::Reader;

/// Bytes of SM3.
const DIGEST: usize = 32;
/// Bytes of the longest cipher text of a key and a digest: 157, when both coordinates begin with a high bit.
const MAX_CIPHER: usize = 160;
/// Keys one account may have had, one after the other.
const MAX_GENERATION: u32 = 1_000_000;

/// An account's key for the owner of a public key. Sign it before it leaves the center ([`crate::Signed`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    application: ApplicationNo,
    org_id: AccountId,
    generation: u32,
    made_at: UnixMillis,
    recipient: KeyId,
    cipher: Vec<u8>,
}

/// Why an offer cannot be made or opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfferError {
    /// It could not be encrypted.
    NotMade,
    /// It is for the owner of another key.
    OtherRecipient {
        /// For whom it is.
        named: KeyId,
        /// The public half of the key it was to be opened with.
        given: KeyId,
    },
    /// The cipher text does not open, although it is said to be for this key.
    NotOpened,
    /// What is in it is no key of this application: the cipher text is of another offer.
    OtherApplication(ApplicationNo),
}

impl Offer {
    /// Makes a key out to `recipient`, whose proof of possession was checked.
    ///
    /// # Errors
    /// [`OfferError::NotMade`].
    pub fn new(
        application: ApplicationNo,
        org_id: AccountId,
        (generation, key): (u32, &Sm4Key),
        recipient: &PublicKey,
        made_at: UnixMillis,
        chance: &mut Chance<'_>,
    ) -> Result<Self, OfferError> {
        let mut plain = Zeroizing::new([0; BLOCK + DIGEST]);
        plain[..BLOCK].copy_from_slice(key.bytes());
        plain[BLOCK..].copy_from_slice(&digest(application));
        let cipher = recipient.encrypt(&*plain, chance).ok_or(OfferError::NotMade)?;
        Ok(Self { application, org_id, generation, made_at, recipient: recipient.id(), cipher })
    }

    /// Opens it with the recipient's private key.
    ///
    /// # Errors
    /// [`OfferError`].
    pub fn open(&self, key: &PrivateKey) -> Result<Sm4Key, OfferError> {
        let given = key.public().id();
        if given != self.recipient {
            return Err(OfferError::OtherRecipient { named: self.recipient, given });
        }
        let plain = key.decrypt(&self.cipher).map_err(|DecryptError| OfferError::NotOpened)?;
        let (bytes, of) = plain.split_first_chunk::<BLOCK>().ok_or(OfferError::NotOpened)?;
        if of != digest(self.application) {
            return Err(OfferError::OtherApplication(self.application));
        }
        Ok(Sm4Key::from_bytes(bytes))
    }

    /// 申请编号.
    pub const fn application(&self) -> ApplicationNo {
        self.application
    }

    /// 业务系统编码 of the account whose key it is.
    pub const fn org_id(&self) -> AccountId {
        self.org_id
    }

    /// Which key of the account it is, counted from 1.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// When it was made.
    pub const fn made_at(&self) -> UnixMillis {
        self.made_at
    }

    /// For the owner of which key it is.
    pub const fn recipient(&self) -> KeyId {
        self.recipient
    }
}

fn digest(application: ApplicationNo) -> [u8; DIGEST] {
    Sm3::digest(application.to_string().as_bytes()).into()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenOffer {
    application: String,
    org_id: String,
    generation: u32,
    made_at: i64,
    recipient: String,
    cipher: String,
}

impl Paper for Offer {
    const ID: &'static str = "yanmi-offer";
    const MAX_BYTES: usize = 4_096;

    fn written(&self) -> impl Serialize {
        WrittenOffer {
            application: self.application.to_string(),
            org_id: self.org_id.as_str().to_owned(),
            generation: self.generation,
            made_at: self.made_at.get(),
            recipient: self.recipient.to_string(),
            cipher: STANDARD.encode(&self.cipher),
        }
    }

    fn read(reader: &Reader<'_>) -> Result<Self, PaperError> {
        let cipher = |text: &str| STANDARD.decode(text).ok().filter(|bytes| bytes.len() <= MAX_CIPHER);
        Ok(Self {
            application: reader
                .parsed("application", 32, ApplicationNo::EXPECTED, |text| ApplicationNo::read(text).ok())?,
            org_id: reader.parsed("orgId", AccountId::MAX_LENGTH, "业务系统编码", |text| {
                AccountId::new(text).ok()
            })?,
            generation: reader.count("generation", MAX_GENERATION)?,
            made_at: reader.time("madeAt")?,
            recipient: reader.parsed("recipient", 16, "16 位十六进制数字", KeyId::read)?,
            cipher: reader.parsed("cipher", 2 * MAX_CIPHER, "SM2 密文（ASN.1）的 Base64", cipher)?,
        })
    }
}

impl fmt::Display for OfferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMade => f.write_str("密钥没有加密成功"),
            Self::OtherRecipient { named, given } => {
                write!(f, "密钥是给公钥 {named} 的，所用私钥的公钥是 {given}：请换用申请时的私钥")
            }
            Self::NotOpened => f.write_str("密文无法打开：文件被改动或不完整，请向密钥管理人员重新索取"),
            Self::OtherApplication(number) => {
                write!(f, "密文不属于申请 {number}：文件被改动，请向密钥管理人员重新索取")
            }
        }
    }
}

impl std::error::Error for OfferError {}
