//! Reading the members of a JSON object so that every refusal names the member and says what is wrong.
//!
//! serde's derived readers stop at the first thing they dislike and describe it in their own words. Here the
//! object is split into its members first, without looking into them; each is then asked for by name, with
//! the limits the specification gives it. Members nobody asks for are never looked at (E1, E12).
//!
//! This is the one reader of JSON that comes from outside, for center, client, agent and C ABI, with one rule for each
//! thing readers differ in:
//!
//! - A member given twice is refused by its name. Which of the two counts depends on the reader, so `"failed"` for one
//!   was `"passed"` for the next. `"n\u0061me"` is the same name as `"name"`.
//! - One byte-order mark before the text is no part of it ([`json_text`]); .NET clients send one.
//! - Around the text stands what JSON calls white space and nothing else. Values are not trimmed: `"T1 "` is another
//!   token than `"T1"`, and is refused by its form.
//! - The text is UTF-8, whatever a header says.
//!
//! Where a text has no fixed members (a configuration, what a vendor's library answers), [`read_value`] reads it under the
//! same rules.

mod object;
mod value;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub use self::object::{NotAnObject, Place, json_text, without_mark};
pub use self::value::{JsonError, MAX_SHOWN_NAME, read_text, read_value};
use crate::amount::{Amount, AmountError};
use crate::composition::Composition;
use crate::identifier::IdentifierError;
use crate::text::first_deceptive_character;

/// Members one object may have; more is refused like any other nonsense.
pub const MAX_MEMBERS: usize = 64;

/// A member that is missing or wrong. Its `Display` is Chinese, names the member, and never repeats its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberError {
    /// The member, as the specification spells it.
    pub member: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// It is required and absent, null or empty.
    Missing,
    /// It stands there twice.
    Twice,
    /// It is not of the JSON type named.
    Type(&'static str),
    /// It is longer than this many characters.
    TooLong(usize),
    /// It is shorter than this many characters.
    TooShort(usize),
    /// It is not of the JSON type named first, but of the second.
    AnotherType(&'static str, &'static str),
    /// It is a text with half of a surrogate pair, which stands for no character.
    HalfCharacter,
    /// It is longer than this many characters; how long it is.
    Long(usize, usize),
    /// It is not of the form named.
    Form(&'static str),
    /// It is not of the form named; what it is made of.
    Malformed(&'static str, Composition),
    /// It is not one of the values named.
    NotOneOf(&'static str),
    /// It is not one of the values named; what it is, where that is short and says nothing about a person.
    Value(&'static str, String),
    /// It is no amount of money.
    Amount(AmountError),
    /// It contains a character that must not be shown to a person.
    Deceptive(char),
    /// It is wrong in a way only a sentence can tell.
    Other(String),
}

impl fmt::Display for MemberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.member)?;
        match &self.problem {
            Problem::Missing => f.write_str("缺失或为空"),
            Problem::Twice => f.write_str("重复出现"),
            Problem::Type(kind) => write!(f, "应为{kind}"),
            Problem::TooLong(limit) => write!(f, "长度超过 {limit} 个字符"),
            Problem::AnotherType(kind, seen) => write!(f, "应为{kind}，实际为{seen}"),
            Problem::HalfCharacter => {
                f.write_str("含有不成对的代理字符（\\uD800 至 \\uDFFF 须两个一组），不是完整的文字")
            }
            Problem::Long(limit, seen) => write!(f, "长度超过 {limit} 个字符，实际为 {seen} 个"),
            Problem::Malformed(form, seen) => write!(f, "应为{form}，实际为 {seen}"),
            Problem::Value(values, seen) => write!(f, "取值应为 {values} 之一，实际为 {seen}"),
            Problem::TooShort(limit) => write!(f, "长度少于 {limit} 个字符"),
            Problem::Form(form) => write!(f, "应为{form}"),
            Problem::NotOneOf(values) => write!(f, "取值应为 {values} 之一"),
            Problem::Amount(why) => write!(f, "{why}"),
            Problem::Deceptive(c) => write!(f, "含有不允许显示的字符 U+{:04X}", u32::from(*c)),
            Problem::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for MemberError {}

impl MemberError {
    /// The member is wrong in this way.
    pub const fn new(member: &'static str, problem: Problem) -> Self {
        Self { member, problem }
    }

    /// The member does not parse as the identifier it should be.
    pub fn form(member: &'static str, error: IdentifierError, text: &str) -> Self {
        Self { member, problem: Problem::Malformed(error.expected, Composition::of(text)) }
    }

    /// The member has a value it cannot have. Not for what may be about a person.
    pub fn value(member: &'static str, values: &'static str, seen: &str) -> Self {
        // A telephone number that stands in the wrong member is somebody's.
        let personal = seen.bytes().filter(u8::is_ascii_digit).count() >= TELEPHONE_DIGITS;
        let shown = seen.len() <= MAX_SHOWN_VALUE && seen.bytes().all(|b| b.is_ascii_graphic()) && !personal;
        let seen = if shown { seen.to_owned() } else { Composition::of(seen).to_string() };
        Self { member, problem: Problem::Value(values, seen) }
    }

    /// The member is of another JSON type than it should be.
    fn kind(member: &'static str, expected: &'static str, raw: &str) -> Self {
        let seen = match raw.as_bytes().first() {
            // Text that cannot be read as one holds an escape that stands for nothing.
            Some(b'"') if expected.contains("字符串") => return Self::new(member, Problem::HalfCharacter),
            Some(b'"') => "字符串",
            Some(b'{') => "对象",
            Some(b'[') => "数组",
            Some(b't' | b'f') => "布尔值",
            _ => "数字",
        };
        Self::new(member, Problem::AnotherType(expected, seen))
    }
}

/// Bytes of the longest value that a refusal repeats.
const MAX_SHOWN_VALUE: usize = 12;
/// Digits of a mobile telephone number.
const TELEPHONE_DIGITS: usize = 11;

/// The members of one JSON object, in the order they came, none of them looked into yet.
pub struct Members<'a> {
    entries: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// The names only: values may be personal.
impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|(name, _)| name)).finish()
    }
}

impl<'a> Members<'a> {
    /// Splits a JSON message into its members, by the rules of this module.
    ///
    /// # Errors
    /// [`NotAnObject`] when the bytes are anything else.
    pub fn of_bytes(bytes: &'a [u8]) -> Result<Self, NotAnObject> {
        Self::parse(json_text(bytes)?)
    }

    /// Names and raw JSON, in the order they came; a name may be there twice.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value.get()))
    }

    /// A required or optional text or number as it is written: programs send amounts and codes as either. Nothing when
    /// it is absent, null or "".
    ///
    /// # Errors
    /// When it is there twice, or neither.
    pub fn loose_text(&self, member: &'static str) -> Result<Option<Cow<'a, str>>, MemberError> {
        let Some(raw) = self.raw(member)? else { return Ok(None) };
        let text = match raw.as_bytes().first() {
            Some(b'"') => read_text(raw),
            Some(b'-' | b'0'..=b'9') => Some(Cow::Borrowed(raw)),
            _ => None,
        };
        text.map(Some).ok_or_else(|| MemberError::kind(member, "字符串或数字", raw))
    }

    /// Splits a JSON object into its members.
    ///
    /// # Errors
    /// [`NotAnObject`] when the text is anything else.
    pub fn parse(text: &'a str) -> Result<Self, NotAnObject> {
        let first = text.trim_start_matches([' ', '\t', '\r', '\n']).bytes().next();
        if first.is_some_and(|b| b != b'{') {
            return Err(match serde_json::from_str::<de::IgnoredAny>(text) {
                Ok(_) => NotAnObject::AnotherType,
                Err(error) => NotAnObject::of(text, &error),
            });
        }
        let members: Self = serde_json::from_str(text).map_err(|error| NotAnObject::of(text, &error))?;
        if members.entries.len() > MAX_MEMBERS {
            return Err(NotAnObject::TooManyMembers);
        }
        Ok(members)
    }

    /// The member's raw JSON; nothing when it is absent, null or "".
    ///
    /// # Errors
    /// [`Problem::Twice`] when it is there more than once.
    pub fn raw(&self, member: &'static str) -> Result<Option<&'a str>, MemberError> {
        let mut found = self.entries.iter().filter(|(name, _)| name == member);
        let value = found.next().map(|(_, value)| value.get());
        if found.next().is_some() {
            return Err(MemberError::new(member, Problem::Twice));
        }
        Ok(value.filter(|raw| !matches!(*raw, "null" | "\"\"")))
    }

    /// The text of an optional member of at most `limit` characters.
    ///
    /// # Errors
    /// When it is there and no text, or too long.
    pub fn optional_text(
        &self,
        member: &'static str,
        limit: usize,
    ) -> Result<Option<Cow<'a, str>>, MemberError> {
        let Some(raw) = self.raw(member)? else { return Ok(None) };
        let text = read_text(raw).ok_or_else(|| MemberError::kind(member, "字符串", raw))?;
        // A text has at most as many characters as bytes, so the count is rarely needed.
        if text.len() > limit {
            let count = text.chars().count();
            if count > limit {
                return Err(MemberError::new(member, Problem::Long(limit, count)));
            }
        }
        Ok(Some(text))
    }

    /// The text of a required member of 1 to `limit` characters.
    ///
    /// # Errors
    /// When it is missing, no text, or too long.
    pub fn text(&self, member: &'static str, limit: usize) -> Result<Cow<'a, str>, MemberError> {
        self.optional_text(member, limit)?.ok_or(MemberError::new(member, Problem::Missing))
    }

    /// A required text that will be shown to a person: nothing in it may hide or reorder.
    ///
    /// # Errors
    /// As [`Members::text`], and [`Problem::Deceptive`].
    pub fn shown_text(&self, member: &'static str, limit: usize) -> Result<Cow<'a, str>, MemberError> {
        let text = self.text(member, limit)?;
        match first_deceptive_character(&text) {
            Some(c) => Err(MemberError::new(member, Problem::Deceptive(c))),
            None => Ok(text),
        }
    }

    /// A required identifier, read by its constructor.
    ///
    /// # Errors
    /// When it is missing, no text, or not of the identifier's form.
    pub fn identifier<T>(
        &self,
        member: &'static str,
        limit: usize,
        parse: impl FnOnce(&str) -> Result<T, IdentifierError>,
    ) -> Result<T, MemberError> {
        let text = self.text(member, limit)?;
        parse(&text).map_err(|error| MemberError::form(member, error, &text))
    }

    /// An optional identifier, read by its constructor.
    ///
    /// # Errors
    /// When it is there and no text, or not of the identifier's form.
    pub fn optional_identifier<T>(
        &self,
        member: &'static str,
        limit: usize,
        parse: impl FnOnce(&str) -> Result<T, IdentifierError>,
    ) -> Result<Option<T>, MemberError> {
        let text = self.optional_text(member, limit)?;
        text.map(|text| parse(&text).map_err(|error| MemberError::form(member, error, &text))).transpose()
    }

    /// An optional amount of money: a JSON number or a numeric string.
    ///
    /// # Errors
    /// When it is there and no [`Amount`].
    pub fn amount(&self, member: &'static str) -> Result<Option<Amount>, MemberError> {
        let Some(raw) = self.raw(member)? else { return Ok(None) };
        let text = match raw.as_bytes().first() {
            Some(b'"') => read_text(raw).ok_or_else(|| MemberError::kind(member, "数字或数字字符串", raw))?,
            Some(b'-' | b'0'..=b'9') => Cow::Borrowed(raw),
            _ => return Err(MemberError::kind(member, "数字或数字字符串", raw)),
        };
        text.parse().map(Some).map_err(|e| MemberError::new(member, Problem::Amount(e)))
    }

    /// An optional whole number within `range`, written as a JSON integer or as digits in a text.
    ///
    /// # Errors
    /// When it is there and no such number, or outside of the range.
    pub fn integer(
        &self,
        member: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, MemberError> {
        let Some(raw) = self.raw(member)? else { return Ok(None) };
        let digits = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
        let whole = digits.strip_prefix('-').unwrap_or(digits).bytes().all(|b| b.is_ascii_digit());
        if !whole {
            return Err(MemberError::kind(member, "整数", raw));
        }
        match digits.parse::<i64>() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let text = format!("应在 {} 至 {} 之间", range.start(), range.end());
                Err(MemberError::new(member, Problem::Other(text)))
            }
        }
    }

    /// The 13-digit time of a required member, written as a text or as a JSON integer (E2).
    ///
    /// # Errors
    /// When it is missing or not exactly thirteen digits.
    pub fn time(&self, member: &'static str) -> Result<crate::UnixMillis, MemberError> {
        let raw = self.raw(member)?.ok_or(MemberError::new(member, Problem::Missing))?;
        let digits = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
        let thirteen = digits.len() == 13 && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(millis) if thirteen => Ok(crate::UnixMillis::new(millis)),
            _ => Err(MemberError::new(member, Problem::Malformed("13 位数字", Composition::of(digits)))),
        }
    }

    /// Whether the member is "1"; absent counts as no.
    ///
    /// # Errors
    /// When it is anything but "0" and "1".
    pub fn flag(&self, member: &'static str) -> Result<bool, MemberError> {
        match self.optional_text(member, 1)?.as_deref() {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(seen) => Err(MemberError::value(member, "0、1", seen)),
        }
    }
}

/// A member's name, borrowed unless it holds escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    // One more than allowed is kept, so that the caller can tell; the rest is only skipped.
                    if entries.len() <= MAX_MEMBERS {
                        entries.push((name, value));
                    }
                }
                Ok(Members { entries })
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EcToken;

    fn problem<T: fmt::Debug>(result: Result<T, MemberError>) -> String {
        result.expect_err("should be refused").to_string()
    }

    #[test]
    fn every_refusal_names_the_member() {
        let text = r#"{"n":5,"long":"abcd","twice":1,"twice":2,"empty":"","nul":null,"bad":"a\u202Eb","esc":"\u6d4b","broken":"\ud800"}"#;
        let m = Members::parse(text).expect("an object");
        assert_eq!(problem(m.text("absent", 4)), "absent 缺失或为空");
        assert_eq!(problem(m.text("empty", 4)), "empty 缺失或为空");
        assert_eq!(problem(m.text("nul", 4)), "nul 缺失或为空");
        assert_eq!(problem(m.text("n", 4)), "n 应为字符串，实际为数字");
        assert_eq!(
            problem(m.text("broken", 4)),
            "broken 含有不成对的代理字符（\\uD800 至 \\uDFFF 须两个一组），不是完整的文字"
        );
        assert_eq!(problem(m.text("long", 3)), "long 长度超过 3 个字符，实际为 4 个");
        assert_eq!(problem(m.text("twice", 3)), "twice 重复出现");
        assert_eq!(problem(m.shown_text("bad", 9)), "bad 含有不允许显示的字符 U+202E");
        assert_eq!(
            problem(m.identifier("bad", 9, EcToken::new)),
            "bad 应为1 至 40 位字母或数字，实际为 3 个字符（小写字母、汉字等）"
        );
        assert_eq!(problem(m.flag("long")), "long 长度超过 1 个字符，实际为 4 个");
        assert_eq!(problem(m.integer("n", 6..=9)), "n 应在 6 至 9 之间");
        assert_eq!(problem(m.integer("long", 6..=9)), "long 应为整数，实际为字符串");
        assert_eq!(m.text("esc", 1).expect("escapes are read"), "测");
    }

    #[test]
    fn a_value_is_repeated_where_it_is_short_and_nobodys() {
        for (seen, shown) in
            [("ec.qeury", true), ("1.0.1", true), ("2026112900", true), ("13800000000", false), ("甲", false)]
        {
            let said = MemberError::value("transType", "ec.query", seen).to_string();
            assert_eq!(said.contains(seen), shown, "{said}");
        }
    }

    #[test]
    fn one_rule_for_marks_blanks_and_encodings() {
        let text = "\u{FEFF}\r\n {\"a\":\"1 \"} \t";
        let m = Members::of_bytes(text.as_bytes()).expect("an object");
        assert_eq!(m.text("a", 9).expect("a text"), "1 ", "values are not trimmed");
        assert_eq!(m.entries().collect::<Vec<_>>(), [("a", r#""1 ""#)]);
        for (bytes, why) in [
            (&b"{\"a\":\"\xC4\xE3\"}"[..], NotAnObject::NotUtf8),
            ("\u{FEFF}\u{FEFF}{}".as_bytes(), NotAnObject::NotJson(Place { line: 1, column: 1 })),
            ("\u{3000}{}".as_bytes(), NotAnObject::NotJson(Place { line: 1, column: 1 })),
            ("{}\0".as_bytes(), NotAnObject::NotJson(Place { line: 1, column: 3 })),
        ] {
            assert_eq!(Members::of_bytes(bytes).expect_err("no object"), why);
        }
        let m =
            Members::parse(r#"{"a":128.50,"b":"7","c":true,"d":"","a\u0062":1,"ab":2}"#).expect("an object");
        assert_eq!(m.loose_text("a").expect("a number").as_deref(), Some("128.50"), "as it is written");
        assert_eq!(m.loose_text("b").expect("a text").as_deref(), Some("7"));
        assert_eq!(m.loose_text("d"), Ok(None));
        assert_eq!(problem(m.loose_text("c")), "c 应为字符串或数字，实际为布尔值");
        assert_eq!(problem(m.loose_text("ab")), "ab 重复出现", "however it is spelled");
    }

    #[test]
    fn a_value_has_each_member_once_at_every_depth() {
        let text = "\u{FEFF}{\"a\":[1,-2,0.5,true,null,{\"b\":\"c\"}]}";
        assert_eq!(
            read_value(text).expect("JSON"),
            serde_json::json!({"a": [1, -2, 0.5, true, null, {"b": "c"}]})
        );
        for (text, said) in [
            ("{\"a\":1,\n\"a\":1}", "a 重复出现（第 2 行）"),
            ("{\"gate\":{\"cards\":true,\"c\\u0061rds\":false}}", "cards 重复出现（第 1 行）"),
            ("[{\"a\":{},\"a\":{}}]", "a 重复出现（第 1 行）"),
            ("{", "不是合法的 JSON（第 1 行第 1 列）"),
            ("{} {}", "不是合法的 JSON（第 1 行第 4 列）"),
        ] {
            assert_eq!(read_value(text).expect_err(text).to_string(), said);
        }
    }

    #[test]
    fn lengths_count_characters() {
        let m = Members::parse(r#"{"name":"福州示范医院"}"#).expect("an object");
        assert!(m.text("name", 6).is_ok());
        assert!(m.text("name", 5).is_err());
    }

    #[test]
    fn numbers_and_amounts() {
        let m = Members::parse(r#"{"a":128.50,"b":"128.5","c":true,"d":-1,"e":1e400,"w":"7"}"#)
            .expect("an object");
        assert_eq!(m.amount("a").expect("an amount"), m.amount("b").expect("an amount"));
        assert_eq!(problem(m.amount("c")), "c 应为数字或数字字符串，实际为布尔值");
        assert_eq!(problem(m.amount("d")), "d 不能为负数");
        assert_eq!(problem(m.amount("e")), "e 整数部分最多 14 位");
        assert_eq!(m.integer("w", 1..=30), Ok(Some(7)));
    }

    #[test]
    fn only_objects_are_split() {
        for (text, why) in [
            ("", NotAnObject::Empty),
            (" \r\n", NotAnObject::Empty),
            ("orgId=x&encData=AB%2B", NotAnObject::LooksLike("表单（a=1&b=2）：应直接以 JSON 为请求体")),
            ("<html>", NotAnObject::LooksLike("网页或 XML")),
            ("[1]", NotAnObject::AnotherType),
            ("\"{}\"", NotAnObject::AnotherType),
            ("{", NotAnObject::NotJson(Place { line: 1, column: 1 })),
            ("{\n\"名\"：1}", NotAnObject::NotJson(Place { line: 2, column: 4 })),
            ("{} {}", NotAnObject::NotJson(Place { line: 1, column: 4 })),
            ("hello", NotAnObject::NotJson(Place { line: 1, column: 1 })),
        ] {
            assert_eq!(Members::parse(text).expect_err(text), why);
        }
        let many: Vec<String> = (0..=MAX_MEMBERS).map(|n| format!("\"m{n}\":1")).collect();
        let text = format!("{{{}}}", many.join(","));
        assert_eq!(Members::parse(&text).expect_err("too many"), NotAnObject::TooManyMembers);
        // A member nobody reads is skipped without recursion, however deep it is.
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(9_000), "]".repeat(9_000));
        assert!(Members::parse(&deep).is_ok());
    }
}
