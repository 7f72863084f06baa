//! 1.7.2 查询参保人线上密码核验认证状态 `/cfc/api/tokenPwdStas`: may we settle?

use std::fmt::Write;

use serde::Serialize;

use super::{MAX_IDENTIFIER, to_json};
use crate::{Amount, EcToken, MemberError, Members, OrgCode, SerialNo, UnixMillis};

/// Where it is posted, below the center's address.
pub const PATH: &str = "/cfc/api/tokenPwdStas";
/// The longest a status query may be held, in seconds (section 6 of the reading).
pub const MAX_WAIT_SECONDS: i64 = 30;
/// Every value of `stage`, in the order of a verification's life.
pub const STAGES: [&str; 11] = [
    "none",
    "asked",
    "notified",
    "confirmed",
    "lapsed",
    "cancelled",
    "notMe",
    "wrongPassword",
    "failed",
    "expired",
    "undelivered",
];

/// The request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `token`, 核验令牌.
    pub token: EcToken,
    /// `orgCodg`, 定点医药机构代码; nothing when it is there but not of the national form (500316).
    pub org_code: Option<OrgCode>,
    /// `ext`: whether the sender understands members beyond the specification.
    pub extended: bool,
    /// `waitSeconds`: how long to hold the call until the state changes; only with `ext`.
    pub wait_seconds: Option<u64>,
}

impl Request {
    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong (-2).
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        let extended = members.flag("ext")?;
        let wait = if extended { members.integer("waitSeconds", 1..=MAX_WAIT_SECONDS)? } else { None };
        Ok(Self {
            token: members.identifier("token", MAX_IDENTIFIER, EcToken::new)?,
            org_code: OrgCode::new(&members.text("orgCodg", MAX_IDENTIFIER)?).ok(),
            extended,
            wait_seconds: wait.and_then(|seconds| u64::try_from(seconds).ok()),
        })
    }
}

/// The request as an institution writes it.
#[derive(Clone, Debug, Serialize)]
pub struct Draft<'a> {
    /// `token`.
    pub token: &'a str,
    /// `orgCodg`.
    #[serde(rename = "orgCodg")]
    pub org_code: &'a str,
    /// `ext`: "1" to ask for more than the specification has.
    #[serde(rename = "ext", skip_serializing_if = "Option::is_none")]
    pub extended: Option<&'a str>,
    /// `waitSeconds`.
    #[serde(rename = "waitSeconds", skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u64>,
}

impl Draft<'_> {
    /// The plain text.
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

/// What an institution learns beyond the specification, when it asked with `"ext":"1"`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extension {
    /// `stage`: a fixed English word for programs, one of [`STAGES`].
    pub stage: &'static str,
    /// `stageDesc`: the same for people.
    pub description: &'static str,
    /// `nextStep`: what the clerk does next, from 1.4.4(5).
    pub next_step: &'static str,
    /// `checkWay`: 01 credential password, 02 face, 03 the channel's own payment password.
    pub way: Option<&'static str>,
    /// `checkTime`: when it was confirmed.
    pub at: Option<UnixMillis>,
    /// `checkAmount`: the amount that was confirmed.
    pub amount: Option<Amount>,
    /// `validUntil`: until when the confirmation counts.
    pub valid_until: Option<UnixMillis>,
    /// `checkNo`: the two digits the person sees on the center's page.
    pub check_number: Option<String>,
}

/// The answer's plain text: `checkStas` "1" exactly when the institution may settle (V9).
pub fn answer_json(confirmed: bool, serial: SerialNo, extension: Option<&Extension>) -> String {
    let flag = if confirmed { '1' } else { '0' };
    let mut out = format!("{{\"checkStas\":\"{flag}\",\"resBizNo\":\"{serial}\"");
    if let Some(more) = extension {
        let mut member = |name: &str, value: &dyn std::fmt::Display| {
            // Writing text into memory cannot fail.
            let _ = write!(out, ",\"{name}\":\"{value}\"");
        };
        member("stage", &more.stage);
        member("stageDesc", &more.description);
        member("nextStep", &more.next_step);
        if let Some(way) = more.way {
            member("checkWay", &way);
        }
        if let Some(at) = more.at {
            member("checkTime", &at);
        }
        if let Some(amount) = more.amount {
            member("checkAmount", &amount);
        }
        if let Some(until) = more.valid_until {
            member("validUntil", &until);
        }
        if let Some(number) = &more.check_number {
            member("checkNo", number);
        }
    }
    out.push('}');
    out
}

/// The answer as an institution reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// `checkStas`, 密码核验状态.
    pub confirmed: bool,
    /// `resBizNo`, 响应流水号.
    pub serial: String,
}

impl Answer {
    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong.
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        Ok(Self {
            confirmed: members.flag("checkStas")?,
            serial: members.text("resBizNo", MAX_IDENTIFIER)?.into_owned(),
        })
    }
}
