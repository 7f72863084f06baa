//! Channel to center, 免密设置 `/cfc/api/chnl/pwdFree`: the person switches password-free settlement on or off in
//! one app, with limits if they like (section 5 of the reading, V10).

use serde::Serialize;

use super::{MAX_IDENTIFIER, to_json};
use crate::{Amount, EcIndexNo, MemberError, Members, Problem};

/// Where it is posted, on the channel listener.
pub const PATH: &str = "/cfc/api/chnl/pwdFree";
/// Largest `dayCnt`.
pub const MAX_DAY_COUNT: i64 = 1_000;

/// The request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `ecIndexNo`: whose setting.
    pub index: EcIndexNo,
    /// `openFlag`: "1" on, "0" off.
    pub open: bool,
    /// `singleAmt`: the most one payment may be.
    pub single_limit: Option<Amount>,
    /// `dayAmt`: the most all payments of a day (Asia/Shanghai) may be.
    pub day_limit: Option<Amount>,
    /// `dayCnt`: how many payments a day may have.
    pub day_count: Option<u32>,
}

impl Request {
    /// Reads the plain text.
    ///
    /// # Errors
    /// The first member that is missing or wrong (500093 on the channel face).
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        let index = members.identifier("ecIndexNo", MAX_IDENTIFIER, EcIndexNo::new)?;
        if members.raw("openFlag")?.is_none() {
            return Err(MemberError::new("openFlag", Problem::Missing));
        }
        let day_count = members.integer("dayCnt", 1..=MAX_DAY_COUNT)?;
        Ok(Self {
            index,
            open: members.flag("openFlag")?,
            single_limit: members.amount("singleAmt")?,
            day_limit: members.amount("dayAmt")?,
            day_count: day_count.and_then(|count| u32::try_from(count).ok()),
        })
    }

    /// The plain text.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct SwitchJson<'a> {
            ec_index_no: &'a str,
            open_flag: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            single_amt: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            day_amt: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            day_cnt: Option<String>,
        }
        to_json(&SwitchJson {
            ec_index_no: self.index.as_str(),
            open_flag: flag(self.open),
            single_amt: self.single_limit.map(|amount| amount.to_string()),
            day_amt: self.day_limit.map(|amount| amount.to_string()),
            day_cnt: self.day_count.map(|count| count.to_string()),
        })
    }
}

/// The answer's plain text: `openFlag` as it is now.
pub fn answer_json(open: bool) -> String {
    format!("{{\"openFlag\":\"{}\"}}", flag(open))
}

const fn flag(on: bool) -> &'static str {
    if on { "1" } else { "0" }
}
