//! A call of the app as it arrives: what it says, and what is wrong with it.

use std::hash::{DefaultHasher, Hash, Hasher};

use yanmi_acceptance::opening::{self, Part};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::message::{auth_result, password_free, password_free_page, pending};
use yanmi_protocol::{
    AuthNo, ChannelId, Code, EcIndexNo, MemberError, Members, NoticeNo, PasswordDigest, Region, Sm4Key,
    UnixMillis,
};

use crate::cast::Cast;
use crate::event::{Fault, Op, Proof, Status};
use crate::rule::Rule;

/// Members whose values may be shown.
const SHOWN: [&str; 9] =
    ["notcNo", "authStas", "authWay", "authTime", "ecIndexNo", "openFlag", "singleAmt", "dayAmt", "dayCnt"];

/// Who may call.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) channel: ChannelId,
    pub(crate) key: Sm4Key,
    pub(crate) region: Region,
    /// Whether a mac is required.
    pub(crate) mac: bool,
}

/// What a report says. What could not be read is absent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) number: Option<NoticeNo>,
    pub(crate) status: Option<Status>,
    pub(crate) way: Option<Way>,
    pub(crate) at: Option<UnixMillis>,
    pub(crate) proof: Proof,
}

/// What a request says.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) op: Option<Op>,
    pub(crate) stamp: Option<UnixMillis>,
    pub(crate) opened: bool,
    pub(crate) faults: Vec<Fault>,
    pub(crate) report: Option<Reading>,
    /// `openFlag`.
    pub(crate) switch: Option<bool>,
    /// The message, masked.
    pub(crate) asked: String,
    /// Its mac, where it has the right one.
    pub(crate) mac: Option<String>,
    /// What it is refused with for its faults.
    pub(crate) refusal: Option<(Code, String)>,
}

impl Seen {
    fn fault(&mut self, rule: Rule, why: impl Into<String>) {
        self.faults.push(Fault { rule, why: why.into() });
    }

    fn refuse(&mut self, code: Code, why: &str) {
        let plain = code.message();
        let message = if why.is_empty() { plain.to_owned() } else { format!("{plain}：{why}") };
        self.refusal.get_or_insert((code, message));
    }

    /// Keeps what was read; what could not be breaks a rule.
    fn keep<T>(&mut self, rule: Rule, read: Result<T, MemberError>) -> Option<T> {
        read.map_err(|error| {
            self.fault(rule, error.to_string());
            self.refuse(Code::BadChannelParameter, &error.to_string());
        })
        .ok()
    }
}

/// Reads a request in the order of the center's checks. The clock is not looked at here.
pub(crate) fn read(path: &str, body: &[u8], door: &Door, cast: &Cast) -> Seen {
    let op = match path {
        auth_result::PATH => Some(Op::Report),
        pending::PATH => Some(Op::Pending),
        password_free::PATH => Some(Op::Free),
        password_free_page::PATH => Some(Op::FreePage),
        _ => None,
    };
    let mut seen = Seen { op, ..Seen::default() };
    let Some(op) = op else {
        seen.refuse(Code::NoSuchAddress, "");
        seen.fault(Rule::Members, "请求地址不是渠道调用的地址");
        return seen;
    };
    let opening = opening::open(path, body, door.channel.as_str(), &door.key, door.region);
    seen.stamp = opening.stamp;
    for (part, why) in opening.faults {
        seen.fault(rule_of(part), why);
    }
    if let Some((code, why)) = opening.refusal {
        seen.refuse(code, &why);
    }
    let Some(plain) = opening.plain else { return seen };
    seen.opened = true;
    seen.mac = opening.mac;
    seen.asked = masked(plain.as_str());
    if door.mac && seen.mac.is_none() {
        seen.fault(Rule::RequestMac, "没有 mac，而本渠道登记为 mac 必需");
        seen.refuse(Code::Denied, "");
    }
    // Opening has parsed it before.
    if let Ok(members) = plain.members() {
        match op {
            Op::Report => read_report(&members, cast, &mut seen),
            Op::Pending | Op::Free | Op::FreePage => read_person(op, &members, cast, &mut seen),
        }
    }
    seen
}

fn read_report(members: &Members<'_>, cast: &Cast, seen: &mut Seen) {
    let fields = Rule::ReportFields;
    let number = members.identifier("notcNo", 13, NoticeNo::new);
    let number = seen.keep(fields, number);
    let status = members.text("authStas", 1).and_then(|text| {
        Status::new(&text).ok_or_else(|| MemberError::value("authStas", "0、1、2、3", &text))
    });
    let status = seen.keep(fields, status);
    let at = seen.keep(fields, members.time("authTime"));
    let mut reading = Reading { number, status, way: None, at, proof: Proof::Nothing };
    if status == Some(Status::Confirmed) {
        let way = members.text("authWay", 2).and_then(|text| {
            Way::from_code(&text).ok_or_else(|| MemberError::value("authWay", "01、02、03", &text))
        });
        reading.way = seen.keep(fields, way);
        match reading.way {
            Some(Way::CredentialPassword) => reading.proof = read_password(members, cast, seen),
            Some(Way::Face) => {
                let number = members.identifier("authNo", AuthNo::MAX_LENGTH, AuthNo::new);
                let number = seen.keep(fields, number);
                reading.proof = number.map_or(Proof::Nothing, |number| Proof::Face(hash(number.as_str())));
            }
            _ => {}
        }
    }
    seen.report = Some(reading);
}

/// Which password it is the digest of. Anything else is no six digits, or none of the two in the brief.
fn read_password(members: &Members<'_>, cast: &Cast, seen: &mut Seen) -> Proof {
    let text = members.text("userPwd", 256).map(std::borrow::Cow::into_owned);
    let Some(text) = seen.keep(Rule::ReportDigest, text) else { return Proof::Strange };
    let digest = PasswordDigest::from_hex(&text);
    if digest.is_none() {
        seen.fault(Rule::ReportDigest, "userPwd 不是 64 位十六进制数字");
        seen.refuse(Code::BadChannelParameter, "userPwd 应为 64 位十六进制数字");
        return Proof::Strange;
    }
    if digest == cast.right {
        Proof::Right
    } else if digest == cast.wrong {
        Proof::Wrong
    } else {
        seen.fault(Rule::ReportDigest, "userPwd 不是给出的两个密码的 SM3：摘要算法、编码或加盐不对");
        Proof::Strange
    }
}

fn read_person(op: Op, members: &Members<'_>, cast: &Cast, seen: &mut Seen) {
    let index = members.identifier("ecIndexNo", EcIndexNo::MAX_LENGTH, EcIndexNo::new);
    if seen.keep(Rule::ReportFields, index).is_some_and(|index| index != cast.person) {
        seen.fault(Rule::ReportFields, "ecIndexNo 不是本次验收的参保人");
        seen.refuse(Code::CredentialNotFound, "");
    }
    if op == Op::Free {
        let request = password_free::Request::read(members);
        seen.switch = seen.keep(Rule::ReportFields, request).map(|request| request.open);
    }
}

/// Only to tell whether two are the same.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Which rule a bad envelope breaks.
const fn rule_of(part: Part) -> Rule {
    match part {
        Part::Members => Rule::Members,
        Part::Cipher => Rule::Cipher,
        Part::LowerCase => Rule::UpperCase,
        Part::Timestamp => Rule::Timestamp,
        Part::ReqtType => Rule::ReqtType,
    }
}

/// The message without what proves something.
fn masked(text: &str) -> String {
    let Ok(serde_json::Value::Object(mut members)) = serde_json::from_str(text) else {
        return String::new();
    };
    for (name, value) in &mut members {
        if !SHOWN.contains(&name.as_str()) {
            *value = "（略）".into();
        }
    }
    serde_json::Value::Object(members).to_string()
}

#[cfg(test)]
mod tests;
