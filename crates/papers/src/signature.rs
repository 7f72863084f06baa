//! SM2 signatures (GB/T 32918.2) as OpenSSL writes them: ASN.1, and in texts as Base64 of that.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The distinguishing identifier that GM/T 0009 gives to whoever has none of his own.
pub const DEFAULT_ID: &str = "1234567812345678";

/// Characters of the longest signature: 72 bytes of ASN.1.
const MAX_TEXT: usize = 96;

/// A signature; of what and by whom is not in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub(crate) sm2::dsa::Signature);

/// A text or bytes that are no signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignatureError;

impl Signature {
    /// Reads ASN.1 (DER).
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, SignatureError> {
        sm2::dsa::Signature::from_der(bytes).map(Self).map_err(|_| SignatureError)
    }

    /// Reads Base64 of ASN.1, as `openssl base64` writes it; line breaks and blanks around and within do not matter.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn from_base64(text: &str) -> Result<Self, SignatureError> {
        let text: String = text.split_ascii_whitespace().collect();
        if text.len() > MAX_TEXT {
            return Err(SignatureError);
        }
        Self::from_der(&STANDARD.decode(text).map_err(|_| SignatureError)?)
    }

    /// ASN.1 (DER), at most 72 bytes.
    pub fn to_der(&self) -> Vec<u8> {
        self.0.to_der().as_bytes().to_vec()
    }

    /// Base64 of ASN.1, in one line.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.to_der())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", self.to_base64())
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("不是 SM2 签名：应为 ASN.1（DER）的 Base64")
    }
}

impl std::error::Error for SignatureError {}
