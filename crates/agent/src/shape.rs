//! What is said on the wire, declared once: a member's name, its type and what it means. Reading a question, writing
//! an answer and the schema of both come from the one declaration, so the document cannot tell another story.

use serde_json::{Value, json};
use yanmi_client::gate::{Medium, Settlement, VisitId, Way};
use yanmi_protocol::member::{NotAnObject, json_text, read_text};
use yanmi_protocol::{Amount, EcToken, QrCode};

use crate::fault::Fault;

/// A type that can stand in a member.
pub(crate) trait Shape {
    /// Its schema.
    fn schema() -> Value;
}

/// A type that can be read from a member.
pub(crate) trait Readable: Shape + Sized {
    /// What an absent member stands for; nothing when it must be there.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads a text; a number or anything else is not read by guessing.
    fn read(text: &str) -> Result<Self, &'static str>;
}

impl Shape for String {
    fn schema() -> Value {
        json!({"type": "string"})
    }
}

impl Shape for bool {
    fn schema() -> Value {
        json!({"type": "boolean"})
    }
}

impl Shape for i64 {
    fn schema() -> Value {
        json!({"type": "integer"})
    }
}

impl Shape for u32 {
    fn schema() -> Value {
        json!({"type": "integer", "minimum": 0})
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn schema() -> Value {
        json!({"type": "array", "items": T::schema()})
    }
}

impl<T: Shape> Shape for Option<T> {
    fn schema() -> Value {
        json!({"anyOf": [T::schema(), {"type": "null"}]})
    }
}

impl<T: Readable> Readable for Option<T> {
    fn absent() -> Option<Self> {
        Some(None)
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        T::read(text).map(Some)
    }
}

/// Characters of a free text: names, words of a terminal.
const MAX_TEXT: usize = 100;

impl Readable for String {
    fn read(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.chars().count() > MAX_TEXT {
            return Err("应为 1 至 100 个字符");
        }
        Ok(text.to_owned())
    }
}

/// A type whose values are few words.
macro_rules! words {
    ($($type:ty: $why:literal { $($word:literal => $value:expr),+ $(,)? })+) => { $(
        impl Shape for $type {
            fn schema() -> Value {
                json!({"type": "string", "enum": [$($word),+]})
            }
        }
        impl Readable for $type {
            fn read(text: &str) -> Result<Self, &'static str> {
                match text {
                    $($word => Ok($value),)+
                    _ => Err($why),
                }
            }
        }
    )+ };
}

/// What an offline check came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    Unavailable,
}

words! {
    Medium: "应为 qrCode、idCard、socialSecurityCard、terminalFace 或 other" {
        "qrCode" => Self::QrCode, "idCard" => Self::IdCard, "socialSecurityCard" => Self::SocialSecurityCard,
        "terminalFace" => Self::TerminalFace, "other" => Self::Other,
    }
    Way: "应为 online、terminalFace、terminalPassword 或 libraryPassword" {
        "online" => Self::Online, "terminalFace" => Self::TerminalFace,
        "terminalPassword" => Self::TerminalPassword, "libraryPassword" => Self::LibraryPassword,
    }
    Settlement: "应为 pharmacy（2102）、outpatient（2207）、inpatient（2304）、registration（2201）或 reversal（2103、2202、2208、2305）" {
        "pharmacy" => Self::Pharmacy, "outpatient" => Self::Outpatient, "inpatient" => Self::Inpatient,
        "registration" => Self::Registration, "other" => Self::Other, "reversal" => Self::Reversal,
    }
    Outcome: "应为 passed（通过）、failed（未通过）或 unavailable（不可用）" {
        "passed" => Self::Passed, "failed" => Self::Failed, "unavailable" => Self::Unavailable,
    }
}

impl Shape for Amount {
    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,2})?$", "examples": ["128.50"]})
    }
}

impl Readable for Amount {
    fn read(text: &str) -> Result<Self, &'static str> {
        // Nobody means `1e9`: what is not written as a cashier writes it is a mistake.
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let parsed = text.parse().ok().filter(|_| plain);
        parsed.ok_or("应为金额，单位元，至多两位小数，写成字符串，如 \"128.50\"")
    }
}

impl Shape for EcToken {
    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9A-Za-z]{1,40}$"})
    }
}

impl Readable for EcToken {
    fn read(text: &str) -> Result<Self, &'static str> {
        Self::new(text).map_err(|_| "应为 1 至 40 位字母或数字的令牌")
    }
}

impl Shape for QrCode {
    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9A-Za-z]{1,64}$"})
    }
}

impl Readable for QrCode {
    fn read(text: &str) -> Result<Self, &'static str> {
        Self::new(text).map_err(|_| "应为扫得的二维码文本，1 至 64 位字母或数字")
    }
}

impl Shape for VisitId {
    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9a-f]{32}$"})
    }
}

/// Members taken out by name, so that what is left over is unknown.
pub(crate) struct Members(Vec<(String, Entry)>);

/// What was sent for a member.
enum Entry {
    Text(String),
    Null,
    /// Another type than any member has.
    Other,
}

impl Members {
    /// The members of a body; no body is no members. They are split by the one reader there is
    /// (`yanmi_protocol::member`), which keeps a member that stands twice, so that it can be refused by its name.
    pub(crate) fn of_body(body: &[u8]) -> Result<Self, Fault> {
        let wrong = |why: NotAnObject| Fault::body(&format!("请求体{why}"));
        let text = json_text(body).map_err(wrong)?;
        if text.trim_ascii().is_empty() {
            return Ok(Self(Vec::new()));
        }
        let members = yanmi_protocol::Members::parse(text).map_err(wrong)?;
        let given = |raw: &str| match (raw, read_text(raw)) {
            ("null", _) => Entry::Null,
            (_, Some(text)) => Entry::Text(text.into_owned()),
            _ => Entry::Other,
        };
        Ok(Self(members.entries().map(|(name, raw)| (name.to_owned(), given(raw))).collect()))
    }

    /// The members of a query or a form.
    pub(crate) fn of_form(text: &[u8]) -> Self {
        // A field that was left empty was not filled in.
        let filled = form_urlencoded::parse(text).filter(|(_, value)| !value.is_empty());
        Self(filled.map(|(name, value)| (name.into_owned(), Entry::Text(value.into_owned()))).collect())
    }

    /// Whether there is a member of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// A member's text, as it was written.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).and_then(|(_, value)| match value {
            Entry::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Takes a member. One that stands twice is refused: nobody knows which counts.
    pub(crate) fn take<T: Readable>(&mut self, name: &'static str) -> Result<T, Fault> {
        let Some(at) = self.0.iter().position(|(known, _)| known == name) else {
            return T::absent().ok_or_else(|| Fault::member(name, "缺失"));
        };
        let (_, value) = self.0.swap_remove(at);
        if self.has(name) {
            return Err(Fault::member(name, "重复出现，每个成员只能给一次"));
        }
        match value {
            Entry::Null => T::absent().ok_or_else(|| Fault::member(name, "缺失")),
            Entry::Text(text) => T::read(&text).map_err(|why| Fault::member(name, why)),
            Entry::Other => Err(Fault::member(name, "应为字符串")),
        }
    }

    /// Ends the reading. The name of a member is the caller's text, so it is not repeated.
    pub(crate) fn finish(self, known: &[&str]) -> Result<(), Fault> {
        if self.0.is_empty() {
            return Ok(());
        }
        let here = if known.is_empty() {
            "此处没有成员".to_owned()
        } else {
            format!("此处可用：{}", known.join("、"))
        };
        Err(Fault::new(http::StatusCode::BAD_REQUEST, "unknownMember", format!("有不认识的成员；{here}")))
    }
}

/// A member as the document tells it: name, schema, whether it must be there, meaning.
pub(crate) type Member = (&'static str, Value, bool, &'static str);

/// Questions: each member is read strictly, and unknown ones are refused.
macro_rules! question {
    ($($(#[doc = $doc:literal])+ $name:ident { $($field:ident $member:literal: $type:ty, $meaning:literal;)* })+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Eq)]
        pub(crate) struct $name { $(pub(crate) $field: $type,)* }

        impl $name {
            pub(crate) fn read(mut members: $crate::shape::Members) -> Result<Self, $crate::fault::Fault> {
                let read = Self { $($field: members.take($member)?,)* };
                members.finish(&[$($member),*])?;
                Ok(read)
            }

            pub(crate) fn members() -> Vec<$crate::shape::Member> {
                use $crate::shape::{Readable, Shape};
                vec![$(($member, <$type as Shape>::schema(), <$type as Readable>::absent().is_none(), $meaning)),*]
            }
        }
    )+ };
}

/// Answers: every member is always there, `null` when there is nothing to say.
macro_rules! answer {
    ($($(#[doc = $doc:literal])+ $name:ident { $($field:ident $member:literal: $type:ty, $meaning:literal;)* })+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, serde::Serialize)]
        pub(crate) struct $name { $(#[serde(rename = $member)] pub(crate) $field: $type,)* }

        impl $name {
            pub(crate) fn members() -> Vec<$crate::shape::Member> {
                vec![$(($member, <$type as $crate::shape::Shape>::schema(), true, $meaning)),*]
            }
        }

        impl $crate::shape::Shape for $name {
            fn schema() -> serde_json::Value {
                serde_json::json!({"$ref": concat!("#/components/schemas/", stringify!($name))})
            }
        }
    )+ };
}

pub(crate) use {answer, question};
