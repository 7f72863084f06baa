//! Center to national center: four questions, in the same envelope (section 5 of the reading).
//!
//! The national center's own interface is not public. This is ours, spoken by the adapter and by the national
//! center of the sandbox; a site puts its translation behind the same four questions.

use std::fmt;

use serde::Serialize;
use zeroize::Zeroizing;

use super::password::read_digest;
use super::{MAX_ID_NO, MAX_IDENTIFIER, MAX_USER_NAME, to_json, to_secret_json};
use crate::document;
use crate::{
    AuthNo, ChannelId, EcIndexNo, EcToken, MemberError, Members, PasswordDigest, QrCode, UnixMillis, mask,
};

/// Token → credential: `{ecToken}` → [`Credential`].
pub const TOKEN_PATH: &str = "/cfc/api/natl/tokenQuery";
/// QR code → credential and token: `{ecQrCode, orgCodg, businessType}` → [`Credential`].
pub const QR_CODE_PATH: &str = "/cfc/api/natl/qrCodeQuery";
/// Password right? `{idType, idNo, userName, userPwd}` → `{chkFlag}`; 500042 when none is set.
pub const PASSWORD_PATH: &str = "/cfc/api/natl/pwdCheck";
/// Face authorization valid? `{authNo, ecIndexNo}` → `{chkFlag}`.
pub const FACE_PATH: &str = "/cfc/api/natl/authNoCheck";

/// What the national center says about a person's identity, `persStas`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PersonStatus {
    /// "1": in order.
    InOrder,
    /// "2": the identity does not match (500057).
    Mismatch,
    /// "3": the person's data are wrong (500058).
    DataWrong,
}

impl PersonStatus {
    const fn code(self) -> &'static str {
        match self {
            Self::InOrder => "1",
            Self::Mismatch => "2",
            Self::DataWrong => "3",
        }
    }
}

/// A credential as the national center knows it: the answer to the first two questions. Texts that are empty
/// there are nothing here.
#[derive(Clone)]
pub struct Credential {
    /// `ecToken`.
    pub token: EcToken,
    /// `ecIndexNo`.
    pub index: Option<EcIndexNo>,
    /// `userName`.
    pub user_name: Option<String>,
    /// `idType`.
    pub id_type: Option<String>,
    /// `idNo`.
    pub id_no: Option<String>,
    /// `insuOrg`, 参保地.
    pub insured_place: Option<String>,
    /// `chnlId`: the app that showed the code.
    pub channel: ChannelId,
    /// `actvStas`: whether the credential is activated.
    pub active: bool,
    /// `persStas`.
    pub person: PersonStatus,
    /// `authStas`: whether the person authorized this channel.
    pub authorized: bool,
    /// `pwdStas`: whether a credential password is set.
    pub password_set: bool,
    /// `decTime`: when the code was decoded.
    pub decoded_at: UnixMillis,
    /// `gender`, `birthday`, `nationality`, `email`: passed on by decode.
    pub details: Details,
}

/// What decode passes on without looking at it.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "the members are those of the field's decode answer")]
pub struct Details {
    pub gender: Option<String>,
    pub birthday: Option<String>,
    pub nationality: Option<String>,
    pub email: Option<String>,
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Details(…)")
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("token", &self.token)
            .field("user_name", &self.user_name.as_deref().map(mask::name))
            .field("channel", &self.channel)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl Credential {
    /// Reads the plain text of the answer.
    ///
    /// # Errors
    /// The first member that is missing or wrong.
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        let text = |member, limit| {
            members.optional_text(member, limit).map(|text| text.map(std::borrow::Cow::into_owned))
        };
        let person = match members.optional_text("persStas", 1)?.as_deref() {
            None | Some("1") => PersonStatus::InOrder,
            Some("2") => PersonStatus::Mismatch,
            Some("3") => PersonStatus::DataWrong,
            Some(seen) => return Err(MemberError::value("persStas", "1、2、3", seen)),
        };
        Ok(Self {
            token: members.identifier("ecToken", MAX_IDENTIFIER, EcToken::new)?,
            index: members.optional_identifier("ecIndexNo", MAX_IDENTIFIER, EcIndexNo::new)?,
            user_name: text("userName", MAX_USER_NAME)?.filter(|name| !name.trim().is_empty()),
            id_type: text("idType", 2)?,
            // A number of blanks is none: whoever has it would be one person with everybody else who has.
            id_no: text("idNo", MAX_ID_NO)?
                .map(|number| document::canonical_number(&number))
                .filter(|number| !number.is_empty()),
            insured_place: text("insuOrg", MAX_IDENTIFIER)?,
            channel: members.identifier("chnlId", MAX_IDENTIFIER, ChannelId::new)?,
            active: members.flag("actvStas")?,
            person,
            authorized: members.flag("authStas")?,
            password_set: members.flag("pwdStas")?,
            decoded_at: members.time("decTime")?,
            details: Details {
                gender: text("gender", MAX_IDENTIFIER)?,
                birthday: text("birthday", MAX_IDENTIFIER)?,
                nationality: text("nationality", MAX_IDENTIFIER)?,
                email: text("email", MAX_USER_NAME)?,
            },
        })
    }

    /// The plain text of the answer.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct AnswerJson<'a> {
            ec_token: &'a str,
            ec_index_no: Option<&'a str>,
            user_name: Option<&'a str>,
            id_type: Option<&'a str>,
            id_no: Option<&'a str>,
            insu_org: Option<&'a str>,
            chnl_id: &'a str,
            actv_stas: &'static str,
            pers_stas: &'static str,
            auth_stas: &'static str,
            pwd_stas: &'static str,
            dec_time: String,
            gender: Option<&'a str>,
            birthday: Option<&'a str>,
            nationality: Option<&'a str>,
            email: Option<&'a str>,
        }
        let flag = |on| if on { "1" } else { "0" };
        to_json(&AnswerJson {
            ec_token: self.token.as_str(),
            ec_index_no: self.index.as_ref().map(EcIndexNo::as_str),
            user_name: self.user_name.as_deref(),
            id_type: self.id_type.as_deref(),
            id_no: self.id_no.as_deref(),
            insu_org: self.insured_place.as_deref(),
            chnl_id: self.channel.as_str(),
            actv_stas: flag(self.active),
            pers_stas: self.person.code(),
            auth_stas: flag(self.authorized),
            pwd_stas: flag(self.password_set),
            dec_time: self.decoded_at.to_string(),
            gender: self.details.gender.as_deref(),
            birthday: self.details.birthday.as_deref(),
            nationality: self.details.nationality.as_deref(),
            email: self.details.email.as_deref(),
        })
    }
}

/// The first question's plain text.
pub fn token_question(token: EcToken) -> String {
    to_json(&serde_json::json!({ "ecToken": token.as_str() }))
}

/// Reads the first question.
///
/// # Errors
/// When the token is missing or wrong.
pub fn read_token_question(members: &Members<'_>) -> Result<EcToken, MemberError> {
    members.identifier("ecToken", MAX_IDENTIFIER, EcToken::new)
}

/// The second question's plain text.
pub fn qr_code_question(qr_code: QrCode, org_code: &str, business: &str) -> String {
    to_json(&serde_json::json!({
        "ecQrCode": qr_code.as_str(), "orgCodg": org_code, "businessType": business,
    }))
}

/// Reads the second question; who asks and what for makes no difference to the answer.
///
/// # Errors
/// When the code is missing or wrong.
pub fn read_qr_code_question(members: &Members<'_>) -> Result<QrCode, MemberError> {
    members.identifier("ecQrCode", QrCode::MAX_LENGTH, QrCode::new)
}

/// The third question.
#[derive(Clone)]
pub struct PasswordQuestion {
    /// `idType`.
    pub id_type: String,
    /// `idNo`.
    pub id_no: String,
    /// `userName`.
    pub user_name: String,
    /// `userPwd`.
    pub password: PasswordDigest,
}

impl fmt::Debug for PasswordQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordQuestion(…)")
    }
}

impl PasswordQuestion {
    /// The plain text.
    pub fn to_json(&self) -> Zeroizing<String> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct QuestionJson<'a> {
            id_no: &'a str,
            id_type: &'a str,
            user_name: &'a str,
            user_pwd: &'a str,
        }
        to_secret_json(&QuestionJson {
            id_no: &self.id_no,
            id_type: &self.id_type,
            user_name: &self.user_name,
            user_pwd: &self.password.to_hex(),
        })
    }

    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong.
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        Ok(Self {
            id_type: members.text("idType", 2)?.into_owned(),
            id_no: members.text("idNo", MAX_ID_NO)?.into_owned(),
            user_name: members.text("userName", MAX_USER_NAME)?.into_owned(),
            password: read_digest(members, "userPwd")?,
        })
    }
}

/// The fourth question's plain text.
pub fn face_question(auth_no: AuthNo, index: Option<EcIndexNo>) -> String {
    to_json(&serde_json::json!({
        "authNo": auth_no.as_str(), "ecIndexNo": index.as_ref().map(EcIndexNo::as_str),
    }))
}

/// Reads the fourth question.
///
/// # Errors
/// The first member that is missing or wrong.
pub fn read_face_question(members: &Members<'_>) -> Result<(AuthNo, Option<EcIndexNo>), MemberError> {
    Ok((
        members.identifier("authNo", AuthNo::MAX_LENGTH, AuthNo::new)?,
        members.optional_identifier("ecIndexNo", MAX_IDENTIFIER, EcIndexNo::new)?,
    ))
}

/// The answer to the third and fourth question.
pub fn check_answer(right: bool) -> &'static str {
    if right { "{\"chkFlag\":\"1\"}" } else { "{\"chkFlag\":\"0\"}" }
}

/// Reads the answer to the third and fourth question.
///
/// # Errors
/// When `chkFlag` is neither "0" nor "1".
pub fn read_check_answer(members: &Members<'_>) -> Result<bool, MemberError> {
    members.flag("chkFlag")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, number: &str) -> (Option<String>, Option<String>) {
        let text = format!(
            r#"{{"ecToken":"T1","chnlId":"app","decTime":"1763869440000","idType":"01","userName":"{name}","idNo":"{number}"}}"#
        );
        let read = Credential::read(&Members::parse(&text).expect("an object")).expect("a credential");
        let json = read.to_json();
        let again =
            Credential::read(&Members::parse(&json).expect("an object")).expect("the same credential");
        assert_eq!((&again.user_name, &again.id_no), (&read.user_name, &read.id_no));
        (read.user_name, read.id_no)
    }

    #[test]
    fn blanks_are_nobodys_name_and_number() {
        let (name, number) = ("某人".to_owned(), "35050119991117351X".to_owned());
        assert_eq!(read("某人", " 35050119991117351x"), (Some(name), Some(number)));
        for blank in ["", " ", "\u{3000}", "\\t \\n"] {
            assert_eq!(read(blank, blank), (None, None), "{blank:?}");
        }
    }
}
