//! The sealed envelope (section 1.3): how every message between the parties travels.
//!
//! A request is a JSON object with five members. Four of them say who speaks, since when, and in which version
//! and region; the fifth, `encData`, holds the message itself: JSON, padded (PKCS7), enciphered with SM4 in ECB
//! mode under the account's key, in upper-case hexadecimal. An answer is a JSON object with a code, and on
//! success an `encData` sealed with the same key.
//!
//! ECB hides no repetition and proves no origin. The specification demands it, so it stays on the wire only
//! and inside TLS; what yanmi stores is sealed otherwise. What this module guarantees instead:
//!
//! * Everything that is wrong with the outside of an envelope, which its sender can see, is told precisely
//!   ([`EnvelopeError`], code -2).
//! * Where both sides want it, a mac proves what the cipher does not ([`crate::mac`]).
//! * Everything that is wrong once it is deciphered is one and the same refusal on the wire (code -4), for the
//!   difference between broken padding and broken JSON is all an attacker needs. [`OpenError`] keeps the cause
//!   for the log.
//!
//! The rules E1 to E13 are those of the reading of the specification.

mod answer;
mod write;

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

pub use self::answer::{Answer, AnswerError};
pub use self::write::{
    ProvenRequest, Sender, prove, proven_refusal, proven_success, refusal, refusal_for, request, seal,
    success, success_for,
};
use crate::hex;
use crate::identifier::Region;
use crate::key::{BLOCK, Sm4Key};
use crate::mac::{self, RequestParts};
use crate::member::{MemberError, Members, NotAnObject, Problem};
use crate::time::UnixMillis;

/// Largest request body, in bytes (E1).
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// Largest message inside an envelope, in bytes (E6).
pub const MAX_PLAIN_BYTES: usize = 16 * 1024;
/// Longest `encData`: the largest message with its padding, two digits a byte.
pub const MAX_ENC_DATA_DIGITS: usize = 2 * (MAX_PLAIN_BYTES + BLOCK);
/// Longest `orgId`, in characters (E2).
pub const MAX_ORG_ID: usize = 40;
/// Longest `reqtType`, in characters (E2).
pub const MAX_REQT_TYPE: usize = 64;
/// The only version there is (1.3.2.1).
pub const VERSION: &str = "1.0.0";

const _: () = assert!(MAX_ENC_DATA_DIGITS < MAX_BODY_BYTES, "a largest message must fit into a body");

/// A request's envelope, its outside checked and its message still sealed.
#[derive(Debug)]
pub struct RequestEnvelope<'a> {
    /// 业务系统编码: whose key seals it. Not proven before the envelope opens.
    pub org_id: Cow<'a, str>,
    /// When the sender says it sealed it.
    pub timestamp: UnixMillis,
    /// The sealed message.
    pub sealed: CipherText,
    /// `mac`, where the sender gave one (E13).
    pub mac: Option<Cow<'a, str>>,
    reqt_type: Cow<'a, str>,
    enc_data: Cow<'a, str>,
}

/// What is wrong with the outside of an envelope. All of it is code -2; the text may be shown to the sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnvelopeError {
    /// The body is larger than [`MAX_BODY_BYTES`].
    TooLarge,
    /// The body is not UTF-8.
    NotUtf8,
    /// The body is compressed.
    Compressed,
    /// The body is no JSON object.
    NotAnObject(NotAnObject),
    /// A member is missing or wrong.
    Member(MemberError),
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "报文超过 {MAX_BODY_BYTES} 字节"),
            Self::NotUtf8 => f.write_str("报文不是 UTF-8 编码（可能是 GBK）"),
            Self::Compressed => f.write_str("报文是 gzip 压缩的：请求体不得压缩"),
            Self::NotAnObject(why) => write!(f, "报文{why}"),
            Self::Member(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for EnvelopeError {}

impl EnvelopeError {
    /// What is wrong with bytes that are not UTF-8.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        if bytes.starts_with(&[0x1F, 0x8B]) { Self::Compressed } else { Self::NotUtf8 }
    }
}

impl From<MemberError> for EnvelopeError {
    fn from(error: MemberError) -> Self {
        Self::Member(error)
    }
}

impl<'a> RequestEnvelope<'a> {
    /// Reads a request's body and checks everything that can be checked without a key, in the order of the
    /// contract: size, encoding, JSON, members, version, region, hexadecimal form.
    ///
    /// # Errors
    /// [`EnvelopeError`], always to be answered with code -2.
    pub fn parse(body: &'a [u8], region: Region) -> Result<Self, EnvelopeError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(EnvelopeError::TooLarge);
        }
        let text = std::str::from_utf8(body).map_err(|_| EnvelopeError::of_bytes(body))?;
        // .NET clients send a byte-order mark.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let members = Members::parse(text).map_err(EnvelopeError::NotAnObject)?;
        let org_id = members.text("orgId", MAX_ORG_ID)?;
        // An empty encData is not missing: it is a cipher text of no block.
        let enc_data = enc_data(&members)?;
        let version = members.text("version", MAX_REQT_TYPE)?;
        let timestamp = members.time("timestamp")?;
        let reqt_type = members.text("reqtType", MAX_REQT_TYPE)?;
        if version != VERSION {
            return Err(MemberError::value("version", VERSION, &version).into());
        }
        check_region(&reqt_type, region)?;
        let sealed = CipherText::from_hex(&enc_data)
            .map_err(|e| MemberError::new("encData", Problem::Other(e.to_string())))?;
        let mac = members.optional_text("mac", MAX_BODY_BYTES)?;
        if mac.as_deref().is_some_and(|digits| !mac::is_well_formed(digits)) {
            return Err(MemberError::new("mac", Problem::Form("64 位十六进制数字")).into());
        }
        Ok(Self { org_id, timestamp, sealed, mac, reqt_type, enc_data })
    }

    /// Whether the mac that was given is right for a request posted to `path` under this key; without one it is not.
    pub fn is_proven(&self, path: &str, key: &Sm4Key) -> bool {
        let Some(mac) = &self.mac else { return false };
        let parts = RequestParts {
            path,
            org_id: &self.org_id,
            version: VERSION,
            reqt_type: &self.reqt_type,
            timestamp: &self.timestamp.to_string(),
            enc_data: &self.enc_data,
        };
        key.mac().is_of_request(mac, &parts)
    }
}

fn enc_data<'a>(members: &Members<'a>) -> Result<Cow<'a, str>, MemberError> {
    match members.optional_text("encData", MAX_BODY_BYTES) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(MemberError::new("encData", Problem::Missing)),
        Err(error) => Err(error),
    }
}

/// The prefix is free: the specification's own sample pairs `sys&350000` with another orgId (E3).
fn check_region(reqt_type: &str, region: Region) -> Result<(), MemberError> {
    let error = |text: String| MemberError::new("reqtType", Problem::Other(text));
    let (prefix, digits) =
        reqt_type.rsplit_once('&').ok_or_else(|| error("应为 前缀&6 位省级医保区划代码".to_owned()))?;
    let stated = Region::new(digits);
    match stated {
        _ if prefix.is_empty() => Err(error("在 & 之前缺少前缀".to_owned())),
        Err(_) => Err(error("应为 前缀&6 位省级医保区划代码".to_owned())),
        Ok(stated) if stated != region => {
            Err(error(format!("的区划代码应为 {}，实际为 {}", region.as_str(), stated.as_str())))
        }
        Ok(_) => Ok(()),
    }
}

/// A sealed message: one or more whole blocks, of a length that a message can have.
#[derive(Clone, PartialEq, Eq)]
pub struct CipherText(Vec<u8>);

/// Why a text is no [`CipherText`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CipherTextError {
    /// The number of digits is not a positive multiple of 32.
    Length(usize),
    /// There are more digits than [`MAX_ENC_DATA_DIGITS`].
    TooLong(usize),
    /// The character at this position, counted from 1, is no hexadecimal digit.
    NotHex(usize),
}

impl fmt::Display for CipherTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(n) => write!(f, "长度为 {n}，应为 32 的正整数倍（整块十六进制）"),
            Self::TooLong(n) => write!(f, "长度为 {n}，超过 {MAX_ENC_DATA_DIGITS}"),
            Self::NotHex(at) => write!(f, "第 {at} 个字符不是十六进制数字"),
        }
    }
}

impl std::error::Error for CipherTextError {}

impl CipherText {
    /// Reads hexadecimal digits of either case (E5).
    ///
    /// # Errors
    /// When the length is not that of whole blocks, or a character is no digit.
    pub fn from_hex(text: &str) -> Result<Self, CipherTextError> {
        if text.is_empty() || !text.len().is_multiple_of(2 * BLOCK) {
            return Err(CipherTextError::Length(text.chars().count()));
        }
        if text.len() > MAX_ENC_DATA_DIGITS {
            return Err(CipherTextError::TooLong(text.len()));
        }
        let position = |text: &str| text.chars().position(|c| !c.is_ascii_hexdigit()).unwrap_or(0);
        hex::decode(text).map(Self).ok_or_else(|| CipherTextError::NotHex(position(text) + 1))
    }

    /// The upper-case digits it is sent in.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }

    /// The sealed bytes, a multiple of 16.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Deciphers with the key and checks that a JSON object comes out.
    ///
    /// # Errors
    /// [`OpenError`]: one refusal on the wire (code -4), whatever the cause.
    pub fn open(&self, key: &Sm4Key) -> Result<PlainText, OpenError> {
        let mut bytes = Zeroizing::new(self.0.clone());
        for block in blocks(&mut bytes) {
            key.decrypt_block(block);
        }
        let length = unpadded_length(&bytes).ok_or(OpenError::Padding)?;
        bytes.truncate(length);
        if length > MAX_PLAIN_BYTES {
            return Err(OpenError::TooLarge);
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| OpenError::NotUtf8)?;
        Members::parse(text).map_err(OpenError::NotAnObject)?;
        Ok(PlainText(bytes))
    }
}

impl fmt::Debug for CipherText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CipherText({} bytes)", self.0.len())
    }
}

/// Why a cipher text does not open. For the log and the operator; never for the sender (E7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenError {
    /// What is at the end is no PKCS7 padding: most often another key, zero padding, or another mode.
    Padding,
    /// The message is larger than [`MAX_PLAIN_BYTES`].
    TooLarge,
    /// The message is not UTF-8: most often GBK.
    NotUtf8,
    /// The message is no JSON object.
    NotAnObject(NotAnObject),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Padding => f.write_str("末块不是 PKCS7 填充（密钥不符、填充方式或加密模式不对）"),
            Self::TooLarge => write!(f, "明文超过 {MAX_PLAIN_BYTES} 字节"),
            Self::NotUtf8 => f.write_str("明文不是 UTF-8 编码（可能是 GBK）"),
            Self::NotAnObject(why) => write!(f, "明文{why}"),
        }
    }
}

impl std::error::Error for OpenError {}

/// An opened message: JSON text of one object, wiped from memory when dropped. `Debug` shows only its size.
pub struct PlainText(Zeroizing<Vec<u8>>);

impl PlainText {
    /// The JSON text.
    pub fn as_str(&self) -> &str {
        // Opening checked that it is UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The members of the object.
    ///
    /// # Errors
    /// Never for a text that came out of [`CipherText::open`], which has parsed it before.
    pub fn members(&self) -> Result<Members<'_>, NotAnObject> {
        Members::parse(self.as_str())
    }
}

impl fmt::Debug for PlainText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainText({} bytes)", self.0.len())
    }
}

/// The whole blocks of a buffer.
fn blocks(bytes: &mut [u8]) -> impl Iterator<Item = &mut [u8; BLOCK]> {
    bytes.chunks_exact_mut(BLOCK).filter_map(|chunk| chunk.try_into().ok())
}

/// The length of the message before its PKCS7 padding.
fn unpadded_length(bytes: &[u8]) -> Option<usize> {
    let padding = usize::from(*bytes.last()?);
    if padding == 0 || padding > BLOCK {
        return None;
    }
    let length = bytes.len().checked_sub(padding)?;
    bytes[length..].iter().all(|b| usize::from(*b) == padding).then_some(length)
}
