//! 解码 `ec.query` at `/localcfc/api/hsecfc/localQrCodeQuery`: plain JSON, not sealed, as the field does it.
//!
//! For the sandbox and closed networks; real sites decode at the national center.

use std::fmt;

use serde::Serialize;

use super::{MAX_IDENTIFIER, to_json};
use crate::dictionary::BusinessType;
use crate::member::{NotAnObject, without_mark};
use crate::{MemberError, Members, OrgCode, Problem, QrCode, mask};

/// Where it is posted, below the center's address.
pub const PATH: &str = "/localcfc/api/hsecfc/localQrCodeQuery";
/// The one `transType` there is.
pub const TRANS_TYPE: &str = "ec.query";
/// Characters the free texts (operator, office, device) may have.
pub const MAX_FREE_TEXT: usize = 100;

/// The request. Operator and office are checked for length and otherwise left alone.
#[derive(Clone, Debug)]
pub struct Request {
    /// `orgId`: the institution's code; nothing when it is not of the national form (500316).
    pub org_code: Option<OrgCode>,
    /// `businessType`; nothing when it is not in the dictionary (500156).
    pub business: Option<BusinessType>,
    /// `ecQrCode`.
    pub qr_code: QrCode,
}

/// Why a decode request is refused before anyone looks at the code it carries. All of it is -2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestError {
    /// The body is no JSON object.
    NotAnObject(NotAnObject),
    /// A member is missing or wrong.
    Member(MemberError),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject(why) => write!(f, "报文{why}"),
            Self::Member(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for RequestError {}

impl From<MemberError> for RequestError {
    fn from(error: MemberError) -> Self {
        Self::Member(error)
    }
}

impl Request {
    /// Reads the body.
    ///
    /// # Errors
    /// [`RequestError`], to be answered with -2.
    pub fn read(body: &str) -> Result<Self, RequestError> {
        let outer = Members::parse(without_mark(body)).map_err(RequestError::NotAnObject)?;
        let outer_code = OrgCode::new(&outer.text("orgId", MAX_IDENTIFIER)?).ok();
        let trans_type = outer.text("transType", MAX_IDENTIFIER)?;
        if trans_type != TRANS_TYPE {
            return Err(MemberError::value("transType", TRANS_TYPE, &trans_type).into());
        }
        let data = outer.raw("data")?.ok_or(MemberError::new("data", Problem::Missing))?;
        let data = Members::parse(data).map_err(|_| MemberError::new("data", Problem::Type("JSON 对象")))?;
        let inner_code = OrgCode::new(&data.text("orgId", MAX_IDENTIFIER)?).ok();
        for member in ["operatorId", "operatorName", "officeId", "officeName", "deviceType"] {
            data.optional_text(member, MAX_FREE_TEXT)?;
        }
        Ok(Self {
            org_code: inner_code.filter(|code| outer_code.is_none_or(|outer| outer == *code)),
            business: BusinessType::new(&data.text("businessType", MAX_IDENTIFIER)?),
            qr_code: data.identifier("ecQrCode", QrCode::MAX_LENGTH, QrCode::new)?,
        })
    }

    /// The body of a request, as an institution sends it.
    pub fn write(org_code: &str, business: &str, qr_code: &str) -> String {
        to_json(&serde_json::json!({
            "orgId": org_code,
            "transType": TRANS_TYPE,
            "data": {
                "orgId": org_code,
                "businessType": business,
                "operatorId": "001",
                "operatorName": "经办人",
                "officeId": "01",
                "officeName": "收费处",
                "ecQrCode": qr_code,
            }
        }))
    }
}

/// What decoding yields; absent values are null.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members are those of the field's decode answer, listed in the reading")]
pub struct Decoded {
    pub user_name: Option<String>,
    pub id_no: Option<String>,
    pub id_type: Option<String>,
    pub insu_org: Option<String>,
    pub ec_index_no: Option<String>,
    pub ec_token: Option<String>,
    pub gender: Option<String>,
    pub birthday: Option<String>,
    pub nationality: Option<String>,
    pub email: Option<String>,
    pub chnl_id: Option<String>,
    pub ec_qr_code: Option<String>,
    pub auth_no: Option<String>,
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("user_name", &self.user_name.as_deref().map(mask::name))
            .field("ec_token", &self.ec_token.as_deref().map(mask::token))
            .finish_non_exhaustive()
    }
}

/// The body of a successful answer.
pub fn success(decoded: &Decoded) -> String {
    #[derive(Serialize)]
    struct SuccessBody<'a> {
        code: i32,
        r#type: &'static str,
        message: &'static str,
        data: &'a Decoded,
    }
    to_json(&SuccessBody { code: 0, r#type: "success", message: "成功", data: decoded })
}

/// The body of a refusal: the field's shape, without `type` and `data`.
pub fn refusal(code: crate::Code, message: &str) -> String {
    #[derive(Serialize)]
    struct RefusalBody<'a> {
        code: i32,
        message: &'a str,
        success: bool,
    }
    to_json(&RefusalBody { code: code.number(), message, success: false })
}
