//! An SM2 public key: read, with a reason for everything that is none; verified with, encrypted to.

use std::fmt;

use sm2::dsa::VerifyingKey;
use sm2::dsa::signature::Verifier;
use sm2::elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use sm2::pkcs8::der::{Decode, pem};
use sm2::pkcs8::spki::SubjectPublicKeyInfoRef;
use sm2::pkcs8::{EncodePublicKey, LineEnding, ObjectIdentifier};
use sm2::pke::{EncryptingKey, Mode};
use sm3::{Digest, Sm3};
use yanmi_protocol::hex;

use crate::chance::Chance;
use crate::signature::Signature;

/// Bytes of the longest text that is read: a PEM has 180, and what people put around it.
const MAX_TEXT: usize = 4_096;
/// Bytes of `04‖x‖y`.
const POINT: usize = 65;
/// What the first byte says of a point that is written in full.
const IN_FULL: u8 = 4;
/// `id-ecPublicKey`.
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// The curve of SM2.
const SM2_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301");
/// Curves that people take for it.
const OTHER_CURVES: [(&str, &str); 4] = [
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.2.156.10197.1.302", "SM9"),
];

/// A point of the SM2 curve that is not the identity.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(pub(crate) sm2::PublicKey);

/// Why a text is no SM2 public key. What is displayed is for the applicant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PublicKeyError {
    /// Neither PEM nor hexadecimal digits.
    Form,
    /// Longer than any key is.
    TooLong,
    /// A private key: it has left its owner's hands and may not be used any more.
    Private,
    /// PEM of something else; its label.
    Label(String),
    /// PEM whose inside is broken.
    Broken,
    /// A key of another algorithm than elliptic curves; its object identifier.
    Algorithm(String),
    /// A key on another curve; its name or object identifier.
    Curve(String),
    /// Digits, but not 130; how many.
    Digits(usize),
    /// A point of which only x is given.
    Compressed,
    /// The first byte is not 04.
    Prefix,
    /// The point at infinity.
    Identity,
    /// The point is not on the curve.
    NotOnCurve,
}

/// The first eight bytes of SM3 of `04‖x‖y`, as sixteen hexadecimal digits: which key it is, on paper and on the telephone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl PublicKey {
    /// Reads a key as the applicant sends it: PEM (`BEGIN PUBLIC KEY`), or `04‖x‖y` as 130 hexadecimal digits.
    ///
    /// # Errors
    /// [`PublicKeyError`] with the reason.
    pub fn read(text: &str) -> Result<Self, PublicKeyError> {
        let text = text.trim_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']);
        if text.len() > MAX_TEXT {
            return Err(PublicKeyError::TooLong);
        }
        if text.contains("-----BEGIN ") {
            return of_pem(text);
        }
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(PublicKeyError::Form);
        }
        let bytes = hex::decode(text).ok_or(PublicKeyError::Digits(text.len()))?;
        of_point(&bytes)
    }

    /// PEM, as OpenSSL reads it.
    pub fn to_pem(&self) -> String {
        // A key that is held can be written.
        self.0.to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }

    /// `04‖x‖y` as 130 upper-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0.to_sec1_point(false).as_bytes())
    }

    /// Which key it is.
    pub fn id(&self) -> KeyId {
        let digest = Sm3::digest(self.0.to_sec1_point(false).as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        KeyId(first)
    }

    /// Whether the owner of the key signed this message under this distinguishing identifier (GB/T 32918.2 with SM3).
    #[must_use]
    pub fn verifies(&self, id: &str, message: &[u8], signature: &Signature) -> bool {
        VerifyingKey::new(id, self.0).is_ok_and(|key| key.verify(message, &signature.0).is_ok())
    }

    /// Encrypts to the key's owner (GB/T 32918.4): C1, C3 and C2 in ASN.1, as GM/T 0009 has it. Nothing for an empty text,
    /// which has no cipher text.
    pub fn encrypt(&self, plain: &[u8], chance: &mut Chance<'_>) -> Option<Vec<u8>> {
        EncryptingKey::new_with_mode(self.0, Mode::C1C3C2).encrypt_der(chance, plain).ok()
    }
}

fn of_pem(text: &str) -> Result<PublicKey, PublicKeyError> {
    let label = text.split_once("-----BEGIN ").and_then(|(_, rest)| rest.split_once("-----"));
    let label = label.map_or("", |(label, _)| label);
    if label.contains("PRIVATE KEY") {
        return Err(PublicKeyError::Private);
    }
    if label != "PUBLIC KEY" {
        let shown: String = label.chars().filter(char::is_ascii_graphic).take(40).collect();
        return Err(PublicKeyError::Label(shown));
    }
    let (_, inside) = pem::decode_vec(text.as_bytes()).map_err(|_| PublicKeyError::Broken)?;
    let info = SubjectPublicKeyInfoRef::from_der(&inside).map_err(|_| PublicKeyError::Broken)?;
    if info.algorithm.oid != ELLIPTIC {
        return Err(PublicKeyError::Algorithm(info.algorithm.oid.to_string()));
    }
    let curve = info.algorithm.parameters_oid().map_err(|_| PublicKeyError::Broken)?;
    if curve != SM2_CURVE {
        let number = curve.to_string();
        let known = OTHER_CURVES.iter().find(|(of, _)| *of == number);
        return Err(PublicKeyError::Curve(known.map_or(number, |(_, name)| (*name).to_owned())));
    }
    of_point(info.subject_public_key.as_bytes().ok_or(PublicKeyError::Broken)?)
}

fn of_point(bytes: &[u8]) -> Result<PublicKey, PublicKeyError> {
    match bytes {
        // The one byte of SEC 1, and what is written for it by programs that always write both coordinates.
        [0 | IN_FULL, rest @ ..] if rest.iter().all(|b| *b == 0) && rest.len() != 1 => {
            return Err(PublicKeyError::Identity);
        }
        [2 | 3, rest @ ..] if rest.len() == 32 => return Err(PublicKeyError::Compressed),
        _ if bytes.len() != POINT => return Err(PublicKeyError::Digits(2 * bytes.len())),
        [first, ..] if *first != IN_FULL => return Err(PublicKeyError::Prefix),
        _ => {}
    }
    let point = sm2::Sec1Point::from_bytes(bytes).map_err(|_| PublicKeyError::NotOnCurve)?;
    let key = sm2::PublicKey::from_sec1_point(&point).into_option();
    key.map(PublicKey).ok_or(PublicKeyError::NotOnCurve)
}

impl KeyId {
    /// Reads sixteen hexadecimal digits, in either case.
    pub fn read(text: &str) -> Option<Self> {
        hex::decode(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

impl fmt::Display for PublicKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str(
                "不是 SM2 公钥：应为 PEM（-----BEGIN PUBLIC KEY-----），或 04‖x‖y 的 130 位十六进制数字",
            ),
            Self::TooLong => write!(f, "不是 SM2 公钥：超过 {MAX_TEXT} 字节"),
            Self::Private => f.write_str(
                "这是私钥，不是公钥：私钥不能交给任何人。请废弃这对密钥，重新生成，只提交公钥（openssl pkey -pubout）",
            ),
            Self::Label(label) => {
                write!(f, "PEM 的类型是 {label}，应为 PUBLIC KEY（openssl pkey -in 私钥 -pubout）")
            }
            Self::Broken => f.write_str("PEM 的内容损坏，或不是公钥"),
            Self::Algorithm(oid) => write!(f, "公钥的算法不是 SM2（椭圆曲线），而是 {oid}"),
            Self::Curve(name) => write!(f, "公钥的曲线不是 SM2，而是 {name}"),
            Self::Digits(count) => {
                write!(f, "04‖x‖y 应为 130 位十六进制数字（65 字节），实际为 {count} 位")
            }
            Self::Compressed => f.write_str("公钥是压缩形式：请提交完整的 04‖x‖y"),
            Self::Prefix => f.write_str("公钥应以 04 开头（04‖x‖y）"),
            Self::Identity => f.write_str("公钥是无穷远点，不能使用"),
            Self::NotOnCurve => f.write_str("公钥不是 SM2 曲线上的点：抄写有误，或不是 SM2 密钥"),
        }
    }
}

impl std::error::Error for PublicKeyError {}
