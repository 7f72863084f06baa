//! An SM2 private key: made, read and written as OpenSSL does it, signed with, decrypted with.
//!
//! What is held is wiped when it is dropped. While something is computed, the library of the curve has copies on the stack
//! that nobody wipes; later calls write over them. So a private key belongs into a process that ends, or does little else.

use std::fmt;

use sm2::SecretKey;
use sm2::dsa::SigningKey;
use sm2::dsa::signature::Signer;
use sm2::elliptic_curve::Generate;
use sm2::pkcs8::der::Decode;
use sm2::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use sm2::pke::{Cipher, DecryptingKey, Mode};
use zeroize::Zeroizing;

use crate::chance::Chance;
use crate::public_key::PublicKey;
use crate::signature::Signature;

/// Bytes of the longest cipher text that is decrypted: a key and a digest are 157, so this is ample.
const MAX_CIPHER: usize = 1_024;

/// A private key. `Debug` shows which it is by its public half; its memory is wiped when it is dropped.
pub struct PrivateKey(SecretKey);

/// Why a text is no private key that can be used. It never repeats the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrivateKeyError {
    /// No PEM of PKCS #8.
    Form,
    /// It is protected by a password.
    Protected,
    /// PEM of the older form (SEC 1), which says less.
    Older,
    /// PKCS #8, but not of an SM2 key.
    NotSm2,
    /// With this key nothing can be signed: one plus the key is zero.
    Unusable,
}

/// A cipher text does not open: it is of another key, or not whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecryptError;

impl PrivateKey {
    /// A new key.
    pub fn generate(chance: &mut Chance<'_>) -> Self {
        loop {
            // The source never fails, so the way out is always taken; a key that cannot sign is as good as never made.
            let made = SecretKey::try_generate_from_rng(chance).ok();
            if let Some(key) = made.map(Self).filter(|key| key.signing(crate::DEFAULT_ID).is_some()) {
                return key;
            }
        }
    }

    /// Reads PEM of PKCS #8 without a password, as `openssl genpkey -algorithm SM2` writes it.
    ///
    /// # Errors
    /// [`PrivateKeyError`], which says what to do.
    pub fn from_pem(text: &str) -> Result<Self, PrivateKeyError> {
        let text = text.trim_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']);
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") {
            return Err(PrivateKeyError::Protected);
        }
        if text.contains("BEGIN SM2 PRIVATE KEY") || text.contains("BEGIN EC PRIVATE KEY") {
            return Err(PrivateKeyError::Older);
        }
        if !text.starts_with("-----BEGIN PRIVATE KEY-----") {
            return Err(PrivateKeyError::Form);
        }
        let key = SecretKey::from_pkcs8_pem(text).map(Self).map_err(|_| PrivateKeyError::NotSm2)?;
        if key.signing(crate::DEFAULT_ID).is_none() {
            return Err(PrivateKeyError::Unusable);
        }
        Ok(key)
    }

    /// PEM of PKCS #8 without a password, for a file that only its owner may read.
    pub fn to_pem(&self) -> Zeroizing<String> {
        // A key that is held can be written.
        self.0.to_pkcs8_pem(LineEnding::LF).unwrap_or_default()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key())
    }

    /// Signs a message under a distinguishing identifier (GB/T 32918.2 with SM3). The same message gives the same signature
    /// (RFC 6979), so no chance is needed and none can be bad.
    pub fn sign(&self, id: &str, message: &[u8]) -> Option<Signature> {
        self.signing(id)?.try_sign(message).ok().map(Signature)
    }

    /// Decrypts what was encrypted to the public half: C1, C3 and C2 in ASN.1.
    ///
    /// # Errors
    /// [`DecryptError`]; why is told to nobody.
    pub fn decrypt(&self, cipher_text: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        if cipher_text.len() > MAX_CIPHER {
            return Err(DecryptError);
        }
        let cipher: Cipher<'_> = Cipher::from_der(cipher_text).map_err(|_| DecryptError)?;
        let mut plain = Zeroizing::new(vec![0; cipher.c2().len()]);
        let key = DecryptingKey::new_with_mode(self.0.to_nonzero_scalar(), Mode::C1C3C2);
        key.decrypt_cipher_with_buf(&cipher, &mut plain).map_err(|_| DecryptError)?;
        Ok(plain)
    }

    fn signing(&self, id: &str) -> Option<SigningKey> {
        SigningKey::new(id, &self.0).ok()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {})", self.public().id())
    }
}

impl fmt::Display for PrivateKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "不是私钥：应为 PEM（-----BEGIN PRIVATE KEY-----）",
            Self::Protected => {
                "私钥有口令保护：先去掉口令（openssl pkcs8 -in 旧文件 -out 新文件），用完删除新文件"
            }
            Self::Older => {
                "私钥是旧格式：先转换为 PKCS #8（openssl pkcs8 -topk8 -nocrypt -in 旧文件 -out 新文件）"
            }
            Self::NotSm2 => "不是 SM2 私钥，或内容损坏（openssl genpkey -algorithm SM2）",
            Self::Unusable => "这个私钥不能用于签名：请重新生成",
        })
    }
}

impl std::error::Error for PrivateKeyError {}

impl fmt::Display for DecryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("密文无法打开：不是给这个密钥的，或被改动")
    }
}

impl std::error::Error for DecryptError {}
