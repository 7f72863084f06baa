//! What can be wrong with each call, in the order of the checks.

use std::time::Duration;

use serde_json::{Value, json};
use yanmi_protocol::message::national::PersonStatus;
use yanmi_protocol::{Code, Sm4Key};
use yanmi_verification::ChannelRecord;

use crate::party::{MISTAKEN, OUT_OF_ORDER, WITHOUT_PASSWORD, WRONG_DATA};
use crate::plan::{
    Call, DISABLED, DISABLED_CHANNEL, EncData, INACTIVE, KEY, LOCKED, OF_ANOTHER, OF_DISABLED,
    OF_WITHOUT_RIGHTS, Plan, WITHOUT_RIGHTS, stamp,
};
use crate::register::NOW;

/// One way to be wrong.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) code: Code,
    /// What the message says beside the words of the code.
    pub(crate) says: &'static str,
    pub(crate) spoil: fn(&mut Plan),
}

const fn row(what: &'static str, code: Code, says: &'static str, spoil: fn(&mut Plan)) -> Row {
    Row { what, code, says, spoil }
}

/// More than the clocks of two parties may differ, by the least there is.
const TOO_FAR: Duration = Duration::from_millis(10 * 60 * 1_000 + 1);

fn with(plan: &mut Plan, member: &str, value: Value) {
    plan.plain[member] = value;
}

fn without(plan: &mut Plan, member: &str) {
    plan.plain.as_object_mut().expect("an object").remove(member);
}

fn outer(plan: &mut Plan, member: &str, value: &str) {
    plan.outer.insert(member.to_owned(), json!(value));
}

/// Step 1 up to the body, for sealed calls and decode alike.
pub(crate) static ARRIVAL: [Row; 5] = [
    row("address", Code::NoSuchAddress, "", |plan| plan.lost = true),
    row("method", Code::BadParameter, "POST", |plan| plan.method = "PUT"),
    row("size", Code::BadParameter, "超过 65536 字节", |plan| plan.large = true),
    row("encoding", Code::BadParameter, "UTF-8", |plan| plan.binary = true),
    row("JSON", Code::BadParameter, "不是合法的 JSON", |plan| plan.broken = true),
];

/// The rest of step 1, and what of step 2 is the same for accounts and channels.
pub(crate) static ENVELOPE: [Row; 10] = [
    row("orgId absent", Code::BadParameter, "orgId 缺失", |plan| {
        plan.outer.remove("orgId");
    }),
    row("encData absent", Code::BadParameter, "encData 缺失", |plan| plan.enc_data = EncData::Absent),
    row("version absent", Code::BadParameter, "version 缺失", |plan| {
        plan.outer.remove("version");
    }),
    row("timestamp malformed", Code::BadParameter, "timestamp 应为", |plan| {
        outer(plan, "timestamp", "162322511334");
    }),
    row("reqtType absent", Code::BadParameter, "reqtType 缺失", |plan| {
        plan.outer.remove("reqtType");
    }),
    row("version", Code::BadParameter, "version 取值", |plan| outer(plan, "version", "1.0.1")),
    row("region", Code::BadParameter, "350000", |plan| outer(plan, "reqtType", "sys&110000")),
    row("hexadecimal", Code::BadParameter, "encData 长度为 3", |plan| {
        plan.enc_data = EncData::Digits("ABC");
    }),
    row("orgId unknown", Code::Denied, "", |plan| outer(plan, "orgId", "nobody")),
    row("key", Code::Denied, "", |plan| plan.key = Sm4Key::from_bytes(&[8; 16])),
];

pub(crate) static ACCOUNT: [Row; 3] = [
    row("account disabled", Code::Denied, "", |plan| {
        outer(plan, "orgId", DISABLED);
        plan.key = Sm4Key::from_bytes(&KEY);
    }),
    row("clock", Code::BadParameter, "服务器时间为 1763869440000", |plan| {
        stamp(plan, NOW.plus(TOO_FAR));
    }),
    row("no right", Code::NoInterfaceRight, "", |plan| {
        outer(plan, "orgId", WITHOUT_RIGHTS);
        plan.key = Sm4Key::from_bytes(&KEY);
    }),
];

static CHANNEL_ACCOUNT: [Row; 2] = [
    row("channel disabled", Code::Denied, "", |plan| outer(plan, "orgId", DISABLED_CHANNEL)),
    row("clock", Code::BadParameter, "服务器时间为 1763869440000", |plan| {
        stamp(plan, NOW.minus(TOO_FAR));
    }),
];

pub(crate) static NOTIFY_MEMBERS: [Row; 8] = [
    row("token absent", Code::BadParameter, "token 缺失", |plan| without(plan, "token")),
    row("token malformed", Code::BadParameter, "token 应为", |plan| with(plan, "token", json!("T-1"))),
    row("orgCodg absent", Code::BadParameter, "orgCodg 缺失", |plan| without(plan, "orgCodg")),
    row("orgName absent", Code::BadParameter, "orgName 缺失", |plan| without(plan, "orgName")),
    row("orgName deceptive", Code::BadParameter, "U+202E", |plan| {
        with(plan, "orgName", json!("福\u{202E}州"));
    }),
    row("orgName long", Code::BadParameter, "orgName 长度", |plan| {
        with(plan, "orgName", json!("福".repeat(41)));
    }),
    row("amount", Code::BadParameter, "totalAmount ", |plan| with(plan, "totalAmount", json!("1.001"))),
    row("ext", Code::BadParameter, "ext 取值", |plan| with(plan, "ext", json!("2"))),
];

static STATUS_MEMBERS: [Row; 5] = [
    row("ext", Code::BadParameter, "ext 取值", |plan| with(plan, "ext", json!("2"))),
    row("waitSeconds", Code::BadParameter, "waitSeconds 应在", |plan| {
        with(plan, "ext", json!("1"));
        with(plan, "waitSeconds", json!(31));
    }),
    row("token absent", Code::BadParameter, "token 缺失", |plan| without(plan, "token")),
    row("token long", Code::BadParameter, "token 长度", |plan| with(plan, "token", json!("T".repeat(41)))),
    row("orgCodg absent", Code::BadParameter, "orgCodg 缺失", |plan| without(plan, "orgCodg")),
];

/// Step 7.
static INSTITUTION: [Row; 4] = [
    row("old code", Code::BadOrgCode, "", |plan| with(plan, "orgCodg", json!("35010000001"))),
    row("not registered", Code::BadOrgCode, "", |plan| with(plan, "orgCodg", json!("H99999999999"))),
    row("inactive", Code::BadOrgCode, "", |plan| with(plan, "orgCodg", json!(INACTIVE))),
    row("another account's", Code::BadOrgCode, "", |plan| with(plan, "orgCodg", json!(OF_ANOTHER))),
];

fn told(plan: &mut Plan) -> Option<&mut yanmi_protocol::message::national::Credential> {
    plan.told.as_mut().ok()
}

/// Steps 8 to 10. A token nobody knows has no credential that could be wrong as well.
static CREDENTIAL: [Row; 11] = [
    row("token unknown", Code::CredentialNotFound, "", |plan| plan.told = Err(Code::CredentialNotFound)),
    row("national center", Code::NationalCenterFailed, "", |plan| plan.told = Err(Code::Unknown)),
    row("inactive", Code::CredentialInactive, "", |plan| {
        if let Some(credential) = told(plan) {
            credential.active = false;
        }
    }),
    row("identity empty", Code::IdentityEmpty, "", |plan| {
        if let Some(credential) = told(plan) {
            credential.id_no = None;
        }
    }),
    row("insured place empty", Code::InsuredPlaceEmpty, "", |plan| {
        if let Some(credential) = told(plan) {
            credential.insured_place = None;
        }
    }),
    row("identity mismatch", Code::IdentityMismatch, "", |plan| {
        if let Some(credential) = told(plan) {
            credential.person = PersonStatus::Mismatch;
        }
    }),
    row("person data", Code::PersonDataWrong, "", |plan| {
        if let Some(credential) = told(plan) {
            credential.person = PersonStatus::DataWrong;
        }
    }),
    row("channel unknown", Code::ChannelNotFound, "", |plan| plan.channel.known = false),
    row("record missing", Code::CertificationNotFound, "", |plan| {
        plan.channel.record = ChannelRecord::Missing;
    }),
    row("record disabled", Code::CertificationDisabled, "", |plan| {
        plan.channel.record = ChannelRecord::Disabled;
    }),
    row("not authorized", Code::NotAuthorizedForChannel, "", |plan| {
        if let Some(credential) = told(plan) {
            credential.authorized = false;
        }
    }),
];

fn switched_free(plan: &mut Plan) {
    plan.channel.free = true;
    plan.person.free = true;
}

/// Steps 11 and 12.
static NOTICE: [Row; 5] = [
    row("no settlement", Code::NoSettlement, "", |plan| plan.channel.settlement = false),
    row("password-free", Code::PasswordFree, "", switched_free),
    row("too often", Code::TooFrequent, "", |plan| plan.person.spent = true),
    row("no way", Code::PasswordNotSet, "", |plan| {
        plan.channel.only_password = true;
        if let Some(credential) = told(plan) {
            credential.password_set = false;
        }
    }),
    row("unreachable", Code::NoticeFailed, "通知失败原因：无法连接渠道应用", |plan| {
        plan.channel.reachable = false;
    }),
];

/// Step 13.
static STATUS: [Row; 1] = [row("password-free", Code::PasswordFree, "", switched_free)];

static PASSWORD: [Row; 10] = [
    row("idType", Code::BadParameter, "idType 取值", |plan| with(plan, "idType", json!("00"))),
    row("reqBizNo", Code::BadParameter, "reqBizNo 应为", |plan| {
        with(plan, "reqBizNo", json!("161665488196"));
    }),
    row("userPwd", Code::BadParameter, "userPwd 应为", |plan| with(plan, "userPwd", json!("111111"))),
    row("userName", Code::BadParameter, "userName 缺失", |plan| with(plan, "userName", json!(""))),
    row("idNo", Code::BadParameter, "idNo 缺失", |plan| without(plan, "idNo")),
    row("locked", Code::TooFrequent, "", |plan| with(plan, "idNo", json!(LOCKED))),
    row("not set", Code::PasswordNotSet, "", |plan| with(plan, "userName", json!(WITHOUT_PASSWORD))),
    row("mistaken", Code::IdentityMismatch, "", |plan| with(plan, "userName", json!(MISTAKEN))),
    row("data wrong", Code::PersonDataWrong, "", |plan| with(plan, "userName", json!(WRONG_DATA))),
    row("national center", Code::NationalCenterFailed, "", |plan| {
        with(plan, "userName", json!(OUT_OF_ORDER));
    }),
];

/// Decode has no envelope: the account is known by the institution only, so step 7 comes before steps 2, 4 and 5.
pub(crate) static DECODE: [Row; 13] = [
    row("orgId absent", Code::BadParameter, "orgId 缺失", |plan| without(plan, "orgId")),
    row("transType", Code::BadParameter, "transType 取值", |plan| {
        with(plan, "transType", json!("ec.decode"));
    }),
    row("data absent", Code::BadParameter, "data 缺失", |plan| without(plan, "data")),
    row("operatorName", Code::BadParameter, "operatorName 长度", |plan| {
        within(plan, "operatorName", json!("名".repeat(101)));
    }),
    row("businessType absent", Code::BadParameter, "businessType 缺失", |plan| {
        within(plan, "businessType", Value::Null);
    }),
    row("ecQrCode", Code::BadParameter, "ecQrCode 应为", |plan| within(plan, "ecQrCode", json!("4-2"))),
    row("old code", Code::BadOrgCode, "", |plan| institution(plan, "35010000001")),
    row("two codes", Code::BadOrgCode, "", |plan| with(plan, "orgId", json!(OF_ANOTHER))),
    row("not registered", Code::BadOrgCode, "", |plan| institution(plan, "H99999999999")),
    row("inactive", Code::BadOrgCode, "", |plan| institution(plan, INACTIVE)),
    row("account disabled", Code::Denied, "", |plan| institution(plan, OF_DISABLED)),
    row("no right", Code::NoInterfaceRight, "", |plan| institution(plan, OF_WITHOUT_RIGHTS)),
    row("business type", Code::BusinessTypeNotFound, "", |plan| within(plan, "businessType", json!("99999"))),
];

static DECODE_SETTLEMENT: [Row; 1] =
    [row("no settlement", Code::NoSettlementAtDecode, "", |plan| plan.channel.settlement = false)];

/// A member of decode's `data`, unless that was taken away.
fn within(plan: &mut Plan, member: &str, value: Value) {
    if plan.plain["data"].is_object() {
        plan.plain["data"][member] = value;
    }
}

fn institution(plan: &mut Plan, code: &str) {
    with(plan, "orgId", json!(code));
    within(plan, "orgId", json!(code));
}

static AUTH_RESULT: [Row; 16] = [
    row("notcNo", Code::BadChannelParameter, "notcNo 应为", |plan| {
        with(plan, "notcNo", json!("161665488196"));
    }),
    row("authStas absent", Code::BadChannelParameter, "authStas 缺失", |plan| without(plan, "authStas")),
    row("authTime", Code::BadChannelParameter, "authTime 应为", |plan| {
        with(plan, "authTime", json!("now"));
    }),
    row("authStas", Code::BadChannelParameter, "authStas 取值", |plan| with(plan, "authStas", json!("4"))),
    row("authWay", Code::BadChannelParameter, "authWay 取值", |plan| with(plan, "authWay", json!("04"))),
    row("userPwd", Code::BadChannelParameter, "userPwd 应为", |plan| {
        with(plan, "authWay", json!("01"));
        with(plan, "userPwd", json!("111111"));
    }),
    row("number unknown", Code::BadNoticeNo, "", |plan| with(plan, "notcNo", json!("9999999999999"))),
    row("another channel's", Code::BadNoticeNo, "", |plan| outer(plan, "orgId", ANOTHER_CHANNEL)),
    row(
        "way not offered",
        Code::BadChannelParameter,
        "authWay 不是该渠道登记的认证方式",
        |plan| {
            plan.channel.only_password = true;
            with(plan, "authWay", json!("03"));
        },
    ),
    row("finished", Code::BadNoticeNo, "", |plan| plan.finished = true),
    row("locked", Code::TooFrequent, "", |plan| {
        with(plan, "authWay", json!("01"));
        if let Some(credential) = told(plan) {
            credential.id_no = Some(LOCKED.to_owned());
        }
    }),
    row("not set", Code::PasswordNotSet, "", |plan| named(plan, WITHOUT_PASSWORD)),
    row("mistaken", Code::IdentityMismatch, "", |plan| named(plan, MISTAKEN)),
    row("data wrong", Code::PersonDataWrong, "", |plan| named(plan, WRONG_DATA)),
    row("national center", Code::NationalCenterFailed, "", |plan| named(plan, OUT_OF_ORDER)),
    row("face", Code::BadAuthNo, "", |plan| {
        with(plan, "authWay", json!("02"));
        with(plan, "authNo", json!("ano2"));
    }),
];

/// A channel other than the one a good plan is about.
const ANOTHER_CHANNEL: &str = "Active-1101";

/// Has the person go by a name the national center knows something about, and confirm by password.
fn named(plan: &mut Plan, name: &str) {
    with(plan, "authWay", json!("01"));
    if let Some(credential) = told(plan) {
        credential.user_name = Some(name.to_owned());
    }
}

pub(crate) static PENDING: [Row; 2] = [
    row("ecIndexNo absent", Code::BadChannelParameter, "ecIndexNo 缺失", |plan| without(plan, "ecIndexNo")),
    row("ecIndexNo", Code::BadChannelParameter, "ecIndexNo 应为", |plan| {
        with(plan, "ecIndexNo", json!("*"));
    }),
];

static FREE: [Row; 5] = [
    row("openFlag absent", Code::BadChannelParameter, "openFlag 缺失", |plan| without(plan, "openFlag")),
    row("dayCnt", Code::BadChannelParameter, "dayCnt 应在", |plan| with(plan, "dayCnt", json!(0))),
    row("openFlag", Code::BadChannelParameter, "openFlag 取值", |plan| with(plan, "openFlag", json!("2"))),
    row("singleAmt", Code::BadChannelParameter, "singleAmt ", |plan| with(plan, "singleAmt", json!("-1"))),
    row("not offered", Code::BadChannelParameter, "该渠道未登记免密功能", |plan| {
        plan.channel.free = false;
    }),
];

/// The checks of a call, in their order.
pub(crate) fn rows(call: Call) -> Vec<&'static Row> {
    let steps: &[&'static [Row]] = match call {
        Call::Notify => &[&ENVELOPE, &ACCOUNT, &NOTIFY_MEMBERS, &INSTITUTION, &CREDENTIAL, &NOTICE],
        Call::Status => &[&ENVELOPE, &ACCOUNT, &STATUS_MEMBERS, &INSTITUTION, &CREDENTIAL, &STATUS],
        Call::Password => &[&ENVELOPE, &ACCOUNT, &PASSWORD],
        Call::Decode => &[&DECODE, &CREDENTIAL, &DECODE_SETTLEMENT],
        Call::AuthResult => &[&ENVELOPE, &CHANNEL_ACCOUNT, &AUTH_RESULT],
        Call::Pending => &[&ENVELOPE, &CHANNEL_ACCOUNT, &PENDING],
        Call::PasswordFree => &[&ENVELOPE, &CHANNEL_ACCOUNT, &PENDING, &FREE],
    };
    ARRIVAL.iter().chain(steps.iter().copied().flatten()).collect()
}
