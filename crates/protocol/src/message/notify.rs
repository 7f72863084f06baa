//! 1.7.1 线上密码核验认证通知 `/cfc/api/tokenPwdCheckNotc`: have the person asked.

use std::borrow::Cow;

use serde::Serialize;

use super::{MAX_IDENTIFIER, MAX_ORG_NAME, to_json};
use crate::{Amount, EcToken, MemberError, Members, OrgCode, SerialNo};

/// Where it is posted, below the center's address.
pub const PATH: &str = "/cfc/api/tokenPwdCheckNotc";

/// The request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `token`, 核验令牌.
    pub token: EcToken,
    /// `orgCodg`, 定点医药机构代码; nothing when it is there but not of the national form (500316).
    pub org_code: Option<OrgCode>,
    /// `orgName`, 定点医药机构名称, 1 to 40 characters fit to be shown.
    pub org_name: String,
    /// `totalAmount`, 预结算时医疗费总额.
    pub amount: Option<Amount>,
    /// `ext`: whether the sender understands members beyond the specification.
    pub extended: bool,
}

impl Request {
    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong (-2).
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        Ok(Self {
            token: members.identifier("token", MAX_IDENTIFIER, EcToken::new)?,
            org_code: OrgCode::new(&members.text("orgCodg", MAX_IDENTIFIER)?).ok(),
            org_name: members.shown_text("orgName", MAX_ORG_NAME)?.into_owned(),
            amount: members.amount("totalAmount")?,
            extended: members.flag("ext")?,
        })
    }
}

/// The request as an institution writes it. Texts, so that a test can also write what is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Draft<'a> {
    /// `token`.
    pub token: &'a str,
    /// `orgCodg`.
    #[serde(rename = "orgCodg")]
    pub org_code: &'a str,
    /// `orgName`.
    #[serde(rename = "orgName")]
    pub org_name: &'a str,
    /// `totalAmount`, as a numeric string.
    #[serde(rename = "totalAmount", skip_serializing_if = "Option::is_none")]
    pub amount: Option<&'a str>,
}

impl Draft<'_> {
    /// The plain text.
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// The plain text, asking for what the answer has beyond the specification (`"ext":"1"`).
    pub fn to_extended_json(&self) -> String {
        #[derive(Serialize)]
        struct ExtensionDraft<'a> {
            #[serde(flatten)]
            draft: &'a Draft<'a>,
            ext: &'a str,
        }
        to_json(&ExtensionDraft { draft: self, ext: "1" })
    }
}

/// The answer: `notcFlag` "1" notified, "0" not. The center answers code 0 only with "1".
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// `resBizNo`, 响应流水号.
    pub serial: String,
    /// `notcFlag`, 通知结果标识.
    pub notified: bool,
    /// `checkNo`: two digits that the person sees on the center's page; only when the request had `ext`.
    pub check_number: Option<String>,
}

impl Answer {
    /// The plain text of a notice that went out.
    pub fn notified_json(serial: SerialNo, check_number: Option<&str>) -> String {
        let more = check_number.map_or_else(String::new, |number| format!(",\"checkNo\":\"{number}\""));
        format!("{{\"resBizNo\":\"{serial}\",\"notcFlag\":\"1\"{more}}}")
    }

    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong.
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        Ok(Self {
            serial: members.text("resBizNo", MAX_IDENTIFIER)?.into_owned(),
            notified: members.flag("notcFlag")?,
            check_number: members.optional_text("checkNo", MAX_IDENTIFIER)?.map(Cow::into_owned),
        })
    }
}
