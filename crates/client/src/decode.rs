//! 解码 `ec.query`: from the QR code a phone shows to the token both calls need. Plain JSON, as the field does it.

use std::time::Duration;

use serde::Serialize;
use yanmi_protocol::dictionary::BusinessType;
use yanmi_protocol::envelope::{EnvelopeError, MAX_PLAIN_BYTES};
use yanmi_protocol::message::decode::{Decoded, MAX_FREE_TEXT, PATH, TRANS_TYPE};
use yanmi_protocol::{MemberError, Members, Problem, QrCode};

use crate::call::{Plan, Repeat, Reply, judge};
use crate::center::CenterClient;
use crate::failure::{CallError, Failure, Report};
use crate::transport::RawAnswer;

/// What is decoded, for what, and by whom. Free texts have at most 100 characters.
#[derive(Clone, Copy, Debug)]
pub struct DecodeRequest<'a> {
    /// 电子凭证二维码.
    pub qr_code: QrCode,
    /// 用码业务类型.
    pub business: BusinessType,
    /// 经办人编号.
    pub operator_id: &'a str,
    /// 经办人姓名.
    pub operator_name: &'a str,
    /// 科室编号.
    pub office_id: &'a str,
    /// 科室名称.
    pub office_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    org_id: &'a str,
    trans_type: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    org_id: &'a str,
    business_type: &'a str,
    operator_id: &'a str,
    operator_name: &'a str,
    office_id: &'a str,
    office_name: &'a str,
    ec_qr_code: &'a str,
}

impl CenterClient {
    /// Decodes a QR code at the center, where the center does that (sandbox, closed networks). The institution's code
    /// goes into `orgId`, as section 1.6.2(2)A demands.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn decode(&self, request: &DecodeRequest<'_>) -> Result<Reply<Decoded>, CallError> {
        for (member, text) in [
            ("operatorId", request.operator_id),
            ("operatorName", request.operator_name),
            ("officeId", request.office_id),
            ("officeName", request.office_name),
        ] {
            if text.chars().count() > MAX_FREE_TEXT {
                let failure = Failure::Request(MemberError::new(member, Problem::TooLong(MAX_FREE_TEXT)));
                return Err(CallError { failure, report: Report::default() });
            }
        }
        let org_id = self.institution.org_code.as_str();
        let body = Body {
            org_id,
            trans_type: TRANS_TYPE,
            data: Data {
                org_id,
                business_type: request.business.code(),
                operator_id: request.operator_id,
                operator_name: request.operator_name,
                office_id: request.office_id,
                office_name: request.office_name,
                ec_qr_code: request.qr_code.as_str(),
            },
        };
        let message = serde_json::to_string(&body).unwrap_or_default();
        let plan =
            Plan { path: PATH, message: &message, plain: true, repeat: Repeat::Freely, held: Duration::ZERO };
        self.run(&plan, |received| read(received, request.qr_code))
    }
}

fn read(received: &RawAnswer, asked: QrCode) -> Result<Decoded, Failure> {
    judge(received)?;
    let malformed = |why| Failure::NotAnAnswer { status: 200, why: Some(why) };
    let outer =
        Members::of_bytes(&received.body).map_err(|why| malformed(EnvelopeError::NotAnObject(why)))?;
    let raw = outer.raw("data")?.ok_or(MemberError::new("data", Problem::Missing))?;
    // In the field the object is sometimes JSON text in a string.
    let unquoted = outer.optional_text("data", MAX_PLAIN_BYTES).ok().flatten();
    let data = Members::parse(unquoted.as_deref().unwrap_or(raw))
        .map_err(|why| malformed(EnvelopeError::NotAnObject(why)))?;
    let text = |name| -> Result<Option<String>, MemberError> {
        let text = data.optional_text(name, MAX_FREE_TEXT)?;
        // Absent is sometimes the text "null".
        Ok(text.filter(|text| text != "null").map(String::from))
    };
    let decoded = Decoded {
        user_name: text("userName")?,
        id_no: text("idNo")?,
        id_type: text("idType")?,
        insu_org: text("insuOrg")?,
        ec_index_no: text("ecIndexNo")?,
        ec_token: text("ecToken")?,
        gender: text("gender")?,
        birthday: text("birthday")?,
        nationality: text("nationality")?,
        email: text("email")?,
        chnl_id: text("chnlId")?,
        ec_qr_code: text("ecQrCode")?,
        auth_no: text("authNo")?,
    };
    if decoded.ec_qr_code.as_deref().is_some_and(|code| code != asked.as_str()) {
        return Err(Failure::Foreign("解码应答中的二维码不是所扫的二维码"));
    }
    if decoded.ec_token.is_none() {
        return Err(MemberError::new("ecToken", Problem::Missing).into());
    }
    Ok(decoded)
}
