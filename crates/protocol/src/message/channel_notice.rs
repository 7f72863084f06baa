//! Center to channel: a notice, or that one is withdrawn (section 5 of the reading).

use std::fmt;

use serde::Serialize;

use super::{MAX_IDENTIFIER, MAX_ORG_NAME, MAX_USER_NAME, to_json};
use crate::{
    Amount, ChannelId, EcIndexNo, EcToken, MemberError, Members, NoticeNo, OrgCode, Problem, UnixMillis,
};

/// Characters `authUrl` may have.
pub const MAX_URL: usize = 512;
/// Ways one notice may list.
pub const MAX_WAYS: usize = 3;
/// The largest `notcSeq`.
pub const MAX_SEQUENCE: u32 = 999_999_999;

/// How a person may confirm (`authWay`; 1.4.4(2)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// 01: the credential password, checked by the center (V12).
    CredentialPassword,
    /// 02: the face, its authorization number confirmed by the national center (V12).
    Face,
    /// 03: the channel's own payment password, on the channel's word (V12).
    ChannelPassword,
}

impl Way {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 3] = [Self::CredentialPassword, Self::Face, Self::ChannelPassword];

    /// The two digits of the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CredentialPassword => "01",
            Self::Face => "02",
            Self::ChannelPassword => "03",
        }
    }

    /// The way in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CredentialPassword => "医保电子凭证密码",
            Self::Face => "人脸识别",
            Self::ChannelPassword => "渠道支付密码",
        }
    }

    /// The way of this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.code() == code)
    }
}

/// `notcType`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// "1": show it.
    Notice,
    /// "2": it no longer counts; take it away.
    Withdrawal,
}

/// The message.
#[derive(Clone)]
pub struct Notice {
    /// `notcType`.
    pub kind: Kind,
    /// `notcNo`; a repeated notice keeps it.
    pub number: NoticeNo,
    /// `notcSeq`: how many notices the center had decided on for this token at this institution, this one included;
    /// a withdrawal has that of the decision it follows from. Of two messages about the same token and institution
    /// the one with the smaller sequence is the older one, whichever arrives first (decision 20).
    pub sequence: u32,
    /// `chnlId`.
    pub channel: ChannelId,
    /// `ecToken`.
    pub token: EcToken,
    /// `ecIndexNo`; a credential may have none.
    pub index: Option<EcIndexNo>,
    /// `userName`, masked.
    pub masked_name: String,
    /// `orgCodg`.
    pub org_code: OrgCode,
    /// `orgName`: what the person is shown.
    pub org_name: String,
    /// `totalAmount`: two decimals, or absent.
    pub amount: Option<Amount>,
    /// `notcTime`.
    pub at: UnixMillis,
    /// `expTime`: until when it can be confirmed.
    pub expires_at: UnixMillis,
    /// `authWays`: how it can be confirmed.
    pub ways: Vec<Way>,
    /// `authUrl`: a page of the center, for channels without a page of their own.
    pub url: Option<String>,
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("kind", &self.kind)
            .field("number", &self.number)
            .field("channel", &self.channel)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NoticeJson<'a> {
    notc_type: &'static str,
    notc_no: String,
    notc_seq: String,
    chnl_id: &'a str,
    ec_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ec_index_no: Option<&'a str>,
    user_name: &'a str,
    org_codg: &'a str,
    org_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_amount: Option<String>,
    notc_time: String,
    exp_time: String,
    auth_ways: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_url: Option<&'a str>,
}

impl Notice {
    /// The plain text.
    pub fn to_json(&self) -> String {
        to_json(&NoticeJson {
            notc_type: match self.kind {
                Kind::Notice => "1",
                Kind::Withdrawal => "2",
            },
            notc_no: self.number.to_string(),
            notc_seq: self.sequence.to_string(),
            chnl_id: self.channel.as_str(),
            ec_token: self.token.as_str(),
            ec_index_no: self.index.as_ref().map(EcIndexNo::as_str),
            user_name: &self.masked_name,
            org_codg: self.org_code.as_str(),
            org_name: &self.org_name,
            total_amount: self.amount.map(|amount| amount.to_string()),
            notc_time: self.at.to_string(),
            exp_time: self.expires_at.to_string(),
            auth_ways: self.ways.iter().map(|way| way.code()).collect(),
            auth_url: self.url.as_deref(),
        })
    }

    /// Reads the plain text, as a channel does.
    ///
    /// # Errors
    /// The first member that is missing or wrong.
    pub fn read(members: &Members<'_>) -> Result<Self, MemberError> {
        let kind = match &*members.text("notcType", 1)? {
            "1" => Kind::Notice,
            "2" => Kind::Withdrawal,
            seen => return Err(MemberError::value("notcType", "1、2", seen)),
        };
        Ok(Self {
            kind,
            number: members.identifier("notcNo", MAX_IDENTIFIER, NoticeNo::new)?,
            sequence: read_sequence(members)?,
            channel: members.identifier("chnlId", MAX_IDENTIFIER, ChannelId::new)?,
            token: members.identifier("ecToken", MAX_IDENTIFIER, EcToken::new)?,
            index: members.optional_identifier("ecIndexNo", MAX_IDENTIFIER, EcIndexNo::new)?,
            masked_name: members.text("userName", MAX_USER_NAME)?.into_owned(),
            org_code: members.identifier("orgCodg", MAX_IDENTIFIER, OrgCode::new)?,
            org_name: members.shown_text("orgName", MAX_ORG_NAME)?.into_owned(),
            amount: members.amount("totalAmount")?,
            at: members.time("notcTime")?,
            expires_at: members.time("expTime")?,
            ways: read_ways(members)?,
            url: members.optional_text("authUrl", MAX_URL)?.map(std::borrow::Cow::into_owned),
        })
    }
}

fn read_sequence(members: &Members<'_>) -> Result<u32, MemberError> {
    let number = members.integer("notcSeq", 1..=i64::from(MAX_SEQUENCE))?;
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.ok_or(MemberError::new("notcSeq", Problem::Missing))
}

fn read_ways(members: &Members<'_>) -> Result<Vec<Way>, MemberError> {
    let raw = members.raw("authWays")?.ok_or(MemberError::new("authWays", Problem::Missing))?;
    let wrong = || MemberError::new("authWays", Problem::Type("认证方式代码的数组"));
    let codes: Vec<String> = serde_json::from_str(raw).map_err(|_| wrong())?;
    if codes.len() > MAX_WAYS {
        return Err(wrong());
    }
    codes.iter().map(|code| Way::from_code(code).ok_or_else(wrong)).collect()
}

/// What a channel says to a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Received {
    /// `rcvFlag` "1": it took the notice.
    Taken,
    /// `rcvFlag` "2": the person pays without a password in this app (1.4.3.2(4)), and is not asked.
    PasswordFree,
    /// Anything else: it did not take it.
    Refused,
}

/// The channel's answer: `rcvFlag` "1" taken.
pub fn received_json() -> &'static str {
    "{\"rcvFlag\":\"1\"}"
}

/// The channel's answer: `rcvFlag` "2", the person pays without a password.
pub fn password_free_json() -> &'static str {
    "{\"rcvFlag\":\"2\"}"
}

/// What the channel's answer says. `rcvFlag` is a text or a number; one that is absent says nothing good.
///
/// # Errors
/// When it is given twice.
pub fn read_received(members: &Members<'_>) -> Result<Received, MemberError> {
    let raw = members.raw("rcvFlag")?.unwrap_or_default();
    Ok(match raw.trim_matches('"') {
        "1" => Received::Taken,
        "2" => Received::PasswordFree,
        _ => Received::Refused,
    })
}
