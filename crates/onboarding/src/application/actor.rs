//! Who acts.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::grant::Grant;

/// The login by which the center knows a person: 1 to 32 visible ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId {
    /// ASCII, and zero bytes behind it.
    bytes: [u8; MAX_LOGIN],
}

/// Characters of a login.
const MAX_LOGIN: usize = 32;

/// A person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Person {
    /// Works at the center's console.
    Operator(PersonId),
    /// Acts for an applicant.
    Applicant(PersonId),
}

impl PersonId {
    /// Reads a login; nothing for a text that is none.
    pub fn new(login: &str) -> Option<Self> {
        let fits = (1..=MAX_LOGIN).contains(&login.len()) && login.bytes().all(|b| b.is_ascii_graphic());
        let mut bytes = [0; MAX_LOGIN];
        bytes.get_mut(..login.len()).filter(|_| fits)?.copy_from_slice(login.as_bytes());
        Some(Self { bytes })
    }

    /// The login.
    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(MAX_LOGIN);
        // Never the default: it is ASCII.
        std::str::from_utf8(&self.bytes[..end]).unwrap_or_default()
    }
}

impl Serialize for PersonId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PersonId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::new(&text).ok_or_else(|| de::Error::custom("no login"))
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Who gives a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor<'a> {
    /// An operator, with the grants he has.
    Operator {
        /// His login.
        id: PersonId,
        /// What he may do where.
        grants: &'a [Grant],
    },
    /// Somebody of an applicant: of this application's, which the caller has to see to.
    Applicant {
        /// His login.
        id: PersonId,
        /// Whether he is 经办负责人; a technical contact (技术联系人) looks and does not submit.
        admin: bool,
    },
    /// The center: what it saw, and what time has done.
    Center,
}

impl Actor<'_> {
    /// The person; the center is none.
    pub const fn person(&self) -> Option<Person> {
        match self {
            Self::Operator { id, .. } => Some(Person::Operator(*id)),
            Self::Applicant { id, .. } => Some(Person::Applicant(*id)),
            Self::Center => None,
        }
    }
}
