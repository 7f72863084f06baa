//! Channel to center, 认证结果 `/cfc/api/chnl/authRslt`: what the person did (section 5 of the reading).

use std::fmt;

use serde::Serialize;
use zeroize::Zeroizing;

use super::channel_notice::Way;
use super::{MAX_IDENTIFIER, MAX_USER_NAME, to_secret_json};
use crate::{AuthNo, MemberError, Members, NoticeNo, PasswordDigest, UnixMillis};

/// Where it is posted, on the channel listener.
pub const PATH: &str = "/cfc/api/chnl/authRslt";

/// What the person did, `authStas`, with the proof each way needs.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// "1", way 01: with the digest the center has checked.
    ConfirmedByPassword(PasswordDigest),
    /// "1", way 02: with the authorization number the national center has to confirm.
    ConfirmedByFace(AuthNo),
    /// "1", way 03: on the channel's word.
    ConfirmedByChannel,
    /// "2": the person cancelled.
    Cancelled,
    /// "3": the person says it is not them.
    NotMe,
    /// "0": the channel could not have it confirmed.
    Failed,
}

/// The request.
#[derive(Clone)]
pub struct Request {
    /// `notcNo`.
    pub notice: NoticeNo,
    /// `authTime`: when the person did it, on the channel's clock. Nothing is judged by it.
    pub at: UnixMillis,
    /// What the person did.
    pub outcome: Outcome,
    /// `cfmName`: who confirmed, when it was somebody else for the person.
    pub confirmed_by: Option<String>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("notice", &self.notice)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong (500093 on the channel face).
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        let notice = members.identifier("notcNo", MAX_IDENTIFIER, NoticeNo::new)?;
        let status = members.text("authStas", 1)?;
        let at = members.time("authTime")?;
        let outcome = match &*status {
            "1" => read_confirmation(members)?,
            "2" => Outcome::Cancelled,
            "3" => Outcome::NotMe,
            "0" => Outcome::Failed,
            seen => return Err(MemberError::value("authStas", "0、1、2、3", seen)),
        };
        let confirmed_by = members.optional_text("cfmName", MAX_USER_NAME)?.map(std::borrow::Cow::into_owned);
        Ok(Self { notice, at, outcome, confirmed_by })
    }
}

fn read_confirmation(members: &Members<'_>) -> Result<Outcome, MemberError> {
    let way = members.text("authWay", 2)?;
    match Way::from_code(&way) {
        Some(Way::CredentialPassword) => {
            super::password::read_digest(members, "userPwd").map(Outcome::ConfirmedByPassword)
        }
        Some(Way::Face) => {
            members.identifier("authNo", AuthNo::MAX_LENGTH, AuthNo::new).map(Outcome::ConfirmedByFace)
        }
        Some(Way::ChannelPassword) => Ok(Outcome::ConfirmedByChannel),
        None => Err(MemberError::value("authWay", "01、02、03", &way)),
    }
}

/// The request as a channel writes it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft<'a> {
    /// `notcNo`.
    pub notc_no: &'a str,
    /// `authWay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_way: Option<&'a str>,
    /// `authStas`.
    pub auth_stas: &'a str,
    /// `authTime`.
    pub auth_time: String,
    /// `userPwd`: the digest, with way 01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_pwd: Option<&'a str>,
    /// `authNo`: with way 02.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_no: Option<&'a str>,
    /// `cfmName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cfm_name: Option<&'a str>,
}

impl fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("notc_no", &self.notc_no)
            .field("auth_stas", &self.auth_stas)
            .finish_non_exhaustive()
    }
}

impl Draft<'_> {
    /// The plain text.
    pub fn to_json(&self) -> Zeroizing<String> {
        to_secret_json(self)
    }
}

/// The answer's plain text. `acptFlag` "1": what the person did counts. "0", way 01 only: the password was
/// wrong, and `leftCnt` more tries are left before the check is locked.
pub fn answer_json(accepted: Accepted) -> String {
    match accepted {
        Accepted::Yes => "{\"acptFlag\":\"1\"}".to_owned(),
        Accepted::WrongPassword { tries_left } => {
            format!("{{\"acptFlag\":\"0\",\"leftCnt\":\"{tries_left}\"}}")
        }
    }
}

/// Whether what the person did counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// It does.
    Yes,
    /// The credential password was wrong.
    WrongPassword {
        /// How many more tries there are.
        tries_left: u32,
    },
}

impl Accepted {
    /// Reads the plain text, as a channel does.
    ///
    /// # Errors
    /// The first member that is wrong.
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        if members.flag("acptFlag")? {
            return Ok(Self::Yes);
        }
        let left = members.integer("leftCnt", 0..=i64::from(u32::MAX))?.unwrap_or(0);
        Ok(Self::WrongPassword { tries_left: u32::try_from(left).unwrap_or(0) })
    }
}
