//! An envelope as it arrives: whether it opens, and what is wrong with its outside.

use yanmi_protocol::envelope::{EnvelopeError, PlainText, RequestEnvelope};
use yanmi_protocol::{Code, MemberError, Members, Region, Sm4Key, UnixMillis};

/// What part of an envelope can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// The members, or a mac that is not right.
    Members,
    /// `encData`: it does not open.
    Cipher,
    /// `encData` is in lower case. It is taken all the same.
    LowerCase,
    /// `timestamp`.
    Timestamp,
    /// `reqtType`.
    ReqtType,
}

/// What an envelope came to. What could not be read is absent.
#[derive(Debug, Default)]
pub struct Opening {
    /// The envelope's timestamp.
    pub stamp: Option<UnixMillis>,
    /// What is wrong with it, and how, in Chinese. It never repeats what was in the message.
    pub faults: Vec<(Part, String)>,
    /// What it is refused with for its faults: the code, and why, which is empty when nobody is told.
    pub refusal: Option<(Code, String)>,
    /// The message, when it opened.
    pub plain: Option<PlainText>,
    /// Its mac, where it has the right one.
    pub mac: Option<String>,
}

impl Opening {
    fn refused(mut self, part: Part, why: String, code: Code) -> Self {
        let told = if code == Code::Denied { String::new() } else { why.clone() };
        self.faults.push((part, why));
        self.refusal = Some((code, told));
        self
    }
}

/// Opens an envelope posted to a path by `org_id`, in the order of the center's checks. The clock is not looked at here.
pub fn open(path: &str, body: &[u8], org_id: &str, key: &Sm4Key, region: Region) -> Opening {
    let mut out = Opening::default();
    let envelope = match RequestEnvelope::parse(body, region) {
        Ok(envelope) => envelope,
        Err(error) => return out.refused(part_of(&error), error.to_string(), Code::BadParameter),
    };
    out.stamp = Some(envelope.timestamp);
    if is_lower_case(body) {
        out.faults.push((Part::LowerCase, "encData 含有小写的十六进制数字".to_owned()));
    }
    if envelope.org_id != org_id {
        return out.refused(Part::Members, "orgId 不是下发的业务系统编码".to_owned(), Code::Denied);
    }
    let plain = match envelope.sealed.open(key) {
        Ok(plain) => plain,
        Err(why) => return out.refused(Part::Cipher, why.to_string(), Code::Denied),
    };
    if envelope.mac.is_some() && !envelope.is_proven(path, key) {
        return out.refused(Part::Members, "mac 不符".to_owned(), Code::Denied);
    }
    out.mac = envelope.mac.map(std::borrow::Cow::into_owned);
    out.plain = Some(plain);
    out
}

/// Which part a bad envelope has wrong.
fn part_of(error: &EnvelopeError) -> Part {
    match error {
        EnvelopeError::Member(MemberError { member: "encData", .. }) => Part::Cipher,
        EnvelopeError::Member(MemberError { member: "timestamp", .. }) => Part::Timestamp,
        EnvelopeError::Member(MemberError { member: "reqtType", .. }) => Part::ReqtType,
        _ => Part::Members,
    }
}

/// Whether `encData` has a digit in lower case. Only for bodies that were read as envelopes.
fn is_lower_case(body: &[u8]) -> bool {
    let text = std::str::from_utf8(body).unwrap_or_default().trim_start_matches('\u{FEFF}');
    let data = Members::parse(text).ok().and_then(|members| members.raw("encData").ok().flatten());
    data.is_some_and(|data| data.bytes().any(|byte| byte.is_ascii_lowercase()))
}
