//! Reading answers, at the side that asked.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use super::{CipherText, CipherTextError, EnvelopeError, MAX_BODY_BYTES, OpenError, PlainText};
use crate::key::Sm4Key;
use crate::mac::AnswerParts;
use crate::member::{MemberError, Members, Problem};

/// An answer as its receiver sees it, before anything is opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Answer {
    /// 响应状态码; the only member to judge by.
    pub code: i64,
    /// 响应信息.
    pub message: String,
    /// The sealed message, when there is one.
    pub enc_data: Option<String>,
    /// Its mac, when there is one (E13).
    pub mac: Option<String>,
}

impl Answer {
    /// Reads an answer's body. `code` is also taken as digits in a text; a body-order mark is tolerated.
    ///
    /// # Errors
    /// [`EnvelopeError`] when the body is no such answer.
    pub fn parse(body: &[u8]) -> Result<Self, EnvelopeError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(EnvelopeError::TooLarge);
        }
        let text = std::str::from_utf8(body).map_err(|_| EnvelopeError::NotUtf8)?;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let members = Members::parse(text).map_err(EnvelopeError::NotAnObject)?;
        let code = members
            .integer("code", i64::from(i32::MIN)..=i64::from(i32::MAX))?
            .ok_or(MemberError::new("code", Problem::Missing))?;
        let message = members.optional_text("message", MAX_BODY_BYTES)?.unwrap_or_default().into_owned();
        let enc_data = match members.raw("data")? {
            Some(raw) if raw.starts_with('{') => {
                let data = Members::parse(raw).map_err(EnvelopeError::NotAnObject)?;
                data.optional_text("encData", MAX_BODY_BYTES)?.map(Cow::into_owned)
            }
            _ => None,
        };
        let mac = members.optional_text("mac", MAX_BODY_BYTES)?.map(Cow::into_owned);
        Ok(Self { code, message, enc_data, mac })
    }

    /// Whether it carries a mac, and the right one for a request that had this one (E13).
    pub fn is_proven(&self, key: &Sm4Key, request_mac: &str) -> bool {
        let Some(mac) = &self.mac else { return false };
        let enc_data = self.enc_data.as_deref();
        let parts = AnswerParts { request: request_mac, code: self.code, message: &self.message, enc_data };
        key.mac().is_of_answer(mac, &parts)
    }

    /// Opens the sealed message of a successful answer.
    ///
    /// # Errors
    /// [`AnswerError`] when the code is not 0, there is no message, or it does not open with the key.
    pub fn open(&self, key: &Sm4Key) -> Result<PlainText, AnswerError> {
        if self.code != 0 {
            return Err(AnswerError::Refused { code: self.code, message: self.message.clone() });
        }
        let enc_data = self.enc_data.as_deref().ok_or(AnswerError::NoData)?;
        let sealed = CipherText::from_hex(enc_data).map_err(AnswerError::CipherText)?;
        sealed.open(key).map_err(AnswerError::Open)
    }
}

/// Why an answer yields no message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AnswerError {
    /// The other side refused.
    Refused {
        /// Its code.
        code: i64,
        /// Its message.
        message: String,
    },
    /// Code 0, but no `encData`.
    NoData,
    /// `encData` is not hexadecimal blocks.
    CipherText(CipherTextError),
    /// `encData` does not open with the key.
    Open(OpenError),
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, message } => write!(f, "对方拒绝：{code} {message}"),
            Self::NoData => f.write_str("应答缺少 data.encData"),
            Self::CipherText(why) => write!(f, "应答的 encData {why}"),
            Self::Open(why) => write!(f, "应答无法解密：{why}"),
        }
    }
}

impl std::error::Error for AnswerError {}
