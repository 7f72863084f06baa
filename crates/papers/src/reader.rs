//! The members of a paper, with those inside them: each refusal says where the member stands.

use std::cell::RefCell;
use std::ops::RangeInclusive;

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

    /// A required object.
    pub(crate) fn object(&self, member: &'static str) -> Result<Reader<'a>, PaperError> {
        let raw = self.within(self.asked(member).raw(member))?;
        let raw = raw.ok_or_else(|| self.wrong(member, Problem::Missing))?;
        Self::inside(format!("{}{member}.", self.within), member, raw)
    }
}
