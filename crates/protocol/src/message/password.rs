//! 密码核验 `/cfc/api/userPwdCheck`: the specification's worked example (1.3.1.2), a person's password checked.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use super::{MAX_ID_NO, MAX_USER_NAME, to_secret_json};
use crate::composition::Composition;
use crate::dictionary::IdType;
use crate::document;
use crate::password::DIGEST_DIGITS;
use crate::{MemberError, Members, PasswordDigest, Problem, UnixMillis, mask};

/// Where it is posted, below the center's address.
pub const PATH: &str = "/cfc/api/userPwdCheck";

/// The request.
#[derive(Clone)]
pub struct Request {
    /// `idType`, 证件类型.
    pub id_type: IdType,
    /// `reqBizNo`, 13 to 32 digits.
    pub request_serial: String,
    /// `userPwd`.
    pub password: PasswordDigest,
    /// `userName`.
    pub user_name: String,
    /// `idNo`, in the form in which it is counted (E16).
    pub id_no: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("id_type", &self.id_type)
            .field("user_name", &mask::name(&self.user_name))
            .field("id_no", &mask::identity_number(&self.id_no))
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong (-2).
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        let id_type = members.text("idType", 2)?;
        let id_type = IdType::new(&id_type)
            .ok_or_else(|| MemberError::value("idType", "证件类型字典中的代码", &id_type))?;
        let serial = members.text("reqBizNo", 32)?;
        if serial.len() < 13 || !serial.bytes().all(|b| b.is_ascii_digit()) {
            return Err(MemberError::new(
                "reqBizNo",
                Problem::Malformed("13 至 32 位数字", Composition::of(&serial)),
            ));
        }
        let password = read_digest(members, "userPwd")?;
        let user_name = members.text("userName", MAX_USER_NAME)?.into_owned();
        let id_no = document::canonical_number(&members.text("idNo", MAX_ID_NO)?);
        if !document::fits(id_type.code(), &id_no) {
            return Err(MemberError::new("idNo", Problem::Form("15 位数字，或 17 位数字加一位数字或 X")));
        }
        Ok(Self { id_type, request_serial: serial.into_owned(), password, user_name, id_no })
    }
}

/// Reads a password digest.
///
/// # Errors
/// When it is missing or not 64 hexadecimal digits.
pub(super) fn read_digest(
    members: &Members<'_>,
    member: &'static str,
) -> Result<PasswordDigest, MemberError> {
    let text = members.text(member, DIGEST_DIGITS)?;
    let form = "64 位十六进制数字（密码的 SM3 值）";
    let digest = PasswordDigest::from_hex(&text)
        .ok_or_else(|| MemberError::new(member, Problem::Malformed(form, Composition::of(&text))));
    // Only a text with escapes is a copy; the plain text itself is wiped with the message.
    if let Cow::Owned(mut copy) = text {
        copy.zeroize();
    }
    digest
}

/// The request as an institution writes it, its members in the order of the specification's sample.
#[derive(Serialize)]
pub struct Draft<'a> {
    /// `idType`.
    #[serde(rename = "idType")]
    pub id_type: &'a str,
    /// `reqBizNo`.
    #[serde(rename = "reqBizNo")]
    pub request_serial: &'a str,
    /// `userPwd`: 64 upper-case hexadecimal digits.
    #[serde(rename = "userPwd")]
    pub password: &'a str,
    /// `userName`.
    #[serde(rename = "userName")]
    pub user_name: &'a str,
    /// `idNo`.
    #[serde(rename = "idNo")]
    pub id_no: &'a str,
}

/// The kind only: every member is personal.
impl fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("id_type", &self.id_type).finish_non_exhaustive()
    }
}

impl Draft<'_> {
    /// The plain text.
    pub fn to_json(&self) -> Zeroizing<String> {
        to_secret_json(self)
    }
}

/// The answer's plain text: `chkFlag` "1" right, "0" wrong; `resBizNo` is the request's number and the time.
pub fn answer_json(right: bool, request_serial: &str, now: UnixMillis) -> String {
    let flag = if right { '1' } else { '0' };
    let time = now.shanghai_digits();
    let time = std::str::from_utf8(&time).unwrap_or_default();
    format!("{{\"chkFlag\":\"{flag}\",\"resBizNo\":\"{request_serial}{time}\"}}")
}
