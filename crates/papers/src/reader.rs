//! The members of a paper, with those inside them: each refusal says where the member stands.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::value::RawValue;
use yanmi_protocol::{MemberError, Members, Problem, UnixMillis};

use crate::paper_error::{PaperError, shown, wrong};

/// An object of a paper. What is asked for is known; [`Reader::finish`] refuses the rest.
pub struct Reader<'a> {
    /// What stands before the names of members in a refusal.
    within: String,
    members: Members<'a>,
    known: RefCell<Vec<&'static str>>,
}

/// Where it stands only: what is in it may be personal.
impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader({:?})", self.within)
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn of_bytes(bytes: &'a [u8]) -> Result<Self, PaperError> {
        let members = Members::of_bytes(bytes).map_err(PaperError::NotAnObject)?;
        Ok(Self { within: String::new(), members, known: RefCell::default() })
    }

    fn inside(within: String, member: &'static str, raw: &'a str) -> Result<Self, PaperError> {
        match Members::parse(raw) {
            Ok(members) => Ok(Self { within, members, known: RefCell::default() }),
            Err(why) => Err(wrong("", member, Problem::Other(why.to_string()))),
        }
    }

    /// Refuses members nobody asked for.
    pub(crate) fn finish(&self) -> Result<(), PaperError> {
        let known = self.known.borrow();
        match self.members.entries().find(|(name, _)| !known.contains(name)) {
            Some((name, _)) => Err(PaperError::Unknown(format!("{}{}", self.within, shown(name)))),
            None => Ok(()),
        }
    }

    /// A refusal of one of its members.
    pub(crate) fn wrong(&self, member: &'static str, problem: Problem) -> PaperError {
        wrong(&self.within, member, problem)
    }

    /// A refusal that only a sentence can tell.
    pub(crate) fn other(&self, member: &'static str, text: impl Into<String>) -> PaperError {
        self.wrong(member, Problem::Other(text.into()))
    }

    fn within<T>(&self, read: Result<T, MemberError>) -> Result<T, PaperError> {
        read.map_err(|error| PaperError::Member { within: self.within.clone(), error })
    }

    fn asked(&self, member: &'static str) -> &Members<'a> {
        self.known.borrow_mut().push(member);
        &self.members
    }

    /// A text that is shown to people, of 1 to `limit` characters, without white space around it, which configurations cut
    /// off.
    pub(crate) fn text(&self, member: &'static str, limit: usize) -> Result<String, PaperError> {
        let text = self.within(self.asked(member).shown_text(member, limit))?;
        if text.trim().len() < text.len() {
            return Err(self.other(member, "首尾不能有空白"));
        }
        Ok(text.into_owned())
    }

    /// The same, or nothing.
    pub(crate) fn optional_text(
        &self,
        member: &'static str,
        limit: usize,
    ) -> Result<Option<String>, PaperError> {
        if self.has(member)? { self.text(member, limit).map(Some) } else { Ok(None) }
    }

    /// A text that is read into a type of its own.
    pub(crate) fn parsed<T>(
        &self,
        member: &'static str,
        limit: usize,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, PaperError> {
        let text = self.within(self.asked(member).text(member, limit))?;
        read(&text).ok_or_else(|| self.wrong(member, Problem::Form(expected)))
    }

    /// The same, or nothing.
    pub(crate) fn optional<T>(
        &self,
        member: &'static str,
        limit: usize,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, PaperError> {
        if self.has(member)? { self.parsed(member, limit, expected, read).map(Some) } else { Ok(None) }
    }

    /// Whether a member is there and is not null.
    pub(crate) fn has(&self, member: &'static str) -> Result<bool, PaperError> {
        self.within(self.asked(member).raw(member)).map(|raw| raw.is_some())
    }

    /// A required whole number.
    pub(crate) fn integer(
        &self,
        member: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<i64, PaperError> {
        let read = self.within(self.asked(member).integer(member, range))?;
        read.ok_or_else(|| self.wrong(member, Problem::Missing))
    }

    /// A required number of 1 to `most`.
    pub(crate) fn count(&self, member: &'static str, most: u32) -> Result<u32, PaperError> {
        let number = self.integer(member, 1..=i64::from(most))?;
        u32::try_from(number).map_err(|_| self.wrong(member, Problem::Missing))
    }

    /// A required moment: 13 digits.
    pub(crate) fn time(&self, member: &'static str) -> Result<UnixMillis, PaperError> {
        self.within(self.asked(member).time(member))
    }

    /// The same, or nothing.
    pub(crate) fn optional_time(&self, member: &'static str) -> Result<Option<UnixMillis>, PaperError> {
        if self.has(member)? { self.time(member).map(Some) } else { Ok(None) }
    }

    /// A required object.
    pub(crate) fn object(&self, member: &'static str) -> Result<Reader<'a>, PaperError> {
        let raw = self.within(self.asked(member).raw(member))?;
        let raw = raw.ok_or_else(|| self.wrong(member, Problem::Missing))?;
        Self::inside(format!("{}{member}.", self.within), member, raw)
    }

    /// A required object, whose members `read` asks for.
    pub(crate) fn inner<T>(
        &self,
        member: &'static str,
        read: impl Fn(&Reader<'_>) -> Result<T, PaperError>,
    ) -> Result<T, PaperError> {
        let reader = self.object(member)?;
        let inner = read(&reader)?;
        reader.finish().map(|()| inner)
    }

    /// The same, or nothing.
    pub(crate) fn optional_inner<T>(
        &self,
        member: &'static str,
        read: impl Fn(&Reader<'_>) -> Result<T, PaperError>,
    ) -> Result<Option<T>, PaperError> {
        if self.has(member)? { self.inner(member, read).map(Some) } else { Ok(None) }
    }

    /// A list of objects, at most so many; absent is empty.
    pub(crate) fn objects<T>(
        &self,
        member: &'static str,
        most: usize,
        read: impl Fn(&Reader<'_>) -> Result<T, PaperError>,
    ) -> Result<Vec<T>, PaperError> {
        let items = self.items(member, most)?;
        let each = items.iter().enumerate().map(|(at, raw)| {
            let within = format!("{}{member} 第 {} 项 ", self.within, at + 1);
            let reader = Self::inside(within, member, raw.get())?;
            let item = read(&reader)?;
            reader.finish().map(|()| item)
        });
        each.collect()
    }

    /// A list of texts, at most so many, each read into a type of its own; absent is empty.
    pub(crate) fn texts<T, E: Display>(
        &self,
        member: &'static str,
        most: usize,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, PaperError> {
        let items = self.items(member, most)?;
        let each = items.iter().enumerate().map(|(at, raw)| {
            let item = |why: String| self.other(member, format!("第 {} 项{why}", at + 1));
            let text = yanmi_protocol::member::read_text(raw.get());
            let text = text.ok_or_else(|| item("应为字符串".to_owned()))?;
            read(&text).map_err(|why| item(why.to_string()))
        });
        each.collect()
    }

    fn items(&self, member: &'static str, most: usize) -> Result<Vec<&'a RawValue>, PaperError> {
        let raw = self.within(self.asked(member).raw(member))?;
        let Some(raw) = raw else { return Ok(Vec::new()) };
        let items: Vec<&RawValue> =
            serde_json::from_str(raw).map_err(|_| self.wrong(member, Problem::Type("数组")))?;
        if items.len() > most {
            return Err(self.other(member, format!("有 {} 项，至多 {most} 项", items.len())));
        }
        Ok(items)
    }
}
