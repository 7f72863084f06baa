//! Whom to call about an institution.

use std::fmt;

use yanmi_protocol::{display, mask};

/// Characters of a contact's name.
pub const MAX_CONTACT_NAME: usize = 50;
/// Characters of a note.
pub const MAX_CONTACT_NOTE: usize = 200;
/// Characters of a telephone number: more than any one that is accepted has, and none is looked at beyond.
const MAX_PHONE: usize = 24;
/// Marks that a note may have beside those of a name.
const NOTE_MARKS: &str = "；！？;!?%@_=*~";

/// What is known of a contact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ContactField {
    /// 联系人.
    Name,
    /// 联系电话.
    Phone,
    /// 备注.
    Note,
}

/// Whom to call about an institution: name, telephone number and a note, each perhaps empty. `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// 联系人.
    pub name: String,
    /// 联系电话.
    pub phone: String,
    /// 备注.
    pub note: String,
}

/// What a contact becomes: what is left out stays, and an empty text empties. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ContactEdit {
    /// 联系人.
    pub name: Option<String>,
    /// 联系电话.
    pub phone: Option<String>,
    /// 备注.
    pub note: Option<String>,
}

/// Why a text cannot be one of a contact. What is displayed is for operators, and has none of the text but a character that
/// is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactError {
    /// It has more characters than it may.
    Long(ContactField, usize),
    /// It has a character that nobody may be shown.
    Characters(ContactField, display::Trick),
    /// It is no telephone number that can be called within the country.
    Phone,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

impl fmt::Debug for ContactEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactEdit(…)")
    }
}

impl fmt::Display for ContactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long(field, most) => write!(f, "{}至多 {most} 个字符", field.name()),
            Self::Characters(field, trick) => write!(f, "{}{trick}", field.name()),
            Self::Phone => f.write_str(
                "联系电话应为 11 位手机号，或带区号的座机（如 0591-87654321，分机写作 0591-87654321-801），或 400、800 号码",
            ),
        }
    }
}

impl std::error::Error for ContactError {}

impl ContactField {
    /// All three, in the order of a table.
    pub const ALL: [Self; 3] = [Self::Name, Self::Phone, Self::Note];

    /// What operators call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "联系人",
            Self::Phone => "联系电话",
            Self::Note => "备注",
        }
    }

    /// Whether a text can be it; an empty one always can.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, text: &str) -> Result<(), ContactError> {
        let most = match self {
            _ if text.is_empty() => return Ok(()),
            Self::Phone if is_phone(text) => return Ok(()),
            Self::Phone => return Err(ContactError::Phone),
            Self::Name => MAX_CONTACT_NAME,
            Self::Note => MAX_CONTACT_NOTE,
        };
        if text.chars().count() > most {
            return Err(ContactError::Long(self, most));
        }
        let allowed = |c: char| self == Self::Note && NOTE_MARKS.contains(c);
        let looked: String = text.chars().map(|c| if allowed(c) { ',' } else { c }).collect();
        match display::check(&looked) {
            // The bound of names is another.
            Ok(()) | Err(display::Trick::TooLong) => Ok(()),
            Err(trick) => Err(ContactError::Characters(self, trick)),
        }
    }

    /// As it is shown to who may not read it: `*试`, `*******1234`, `12 字`; a dash for nothing.
    pub fn masked(self, text: &str) -> String {
        match self {
            _ if text.is_empty() => "-".to_owned(),
            Self::Name => mask::name(text),
            Self::Phone => mask::phone(text),
            // Who wrote it may have put anything there, so not even its end is shown.
            Self::Note => format!("{} 字", text.chars().count()),
        }
    }
}

impl Contact {
    /// One of its texts.
    pub fn text(&self, field: ContactField) -> &str {
        match field {
            ContactField::Name => &self.name,
            ContactField::Phone => &self.phone,
            ContactField::Note => &self.note,
        }
    }

    /// One of its texts, to be changed.
    pub fn text_mut(&mut self, field: ContactField) -> &mut String {
        match field {
            ContactField::Name => &mut self.name,
            ContactField::Phone => &mut self.phone,
            ContactField::Note => &mut self.note,
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        ContactField::ALL.into_iter().all(|field| self.text(field).is_empty())
    }
}

impl ContactEdit {
    /// What one of the texts becomes, if it does.
    pub fn text(&self, field: ContactField) -> Option<&str> {
        match field {
            ContactField::Name => self.name.as_deref(),
            ContactField::Phone => self.phone.as_deref(),
            ContactField::Note => self.note.as_deref(),
        }
    }

    /// Whether all of it can be.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), ContactError> {
        let texts = ContactField::ALL.into_iter().filter_map(|field| Some((field, self.text(field)?)));
        texts.into_iter().try_for_each(|(field, text)| field.check(text))
    }
}

/// Whether it can be called within the country: a mobile number, one of a place with its code and perhaps an extension, or one
/// that is the same everywhere (400, 800). Dashes stand where people put them.
fn is_phone(text: &str) -> bool {
    if text.len() > MAX_PHONE || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return false;
    }
    let parts: Vec<&str> = text.split('-').collect();
    let joined = parts.concat();
    let digits = joined.as_bytes();
    let shape: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    match digits {
        [b'1', b'3'..=b'9', ..] => matches!(shape[..], [11] | [3, 4, 4]),
        [b'4' | b'8', b'0', b'0', ..] => matches!(shape[..], [10] | [3, 7] | [3, 3, 4] | [4, 3, 3]),
        [b'0', second, ..] if *second != b'0' => match shape[..] {
            [10..=12] => true,
            // Numbers of a place begin with neither.
            [3 | 4, 7 | 8] | [3 | 4, 7 | 8, 1..=6] => !parts[1].starts_with(['0', '1']),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_that_can_be_called() {
        for phone in [
            "13900001234",
            "139-0000-1234",
            "19912345678",
            "0591-87654321",
            "010-87654321",
            "059187654321",
            "01087654321",
            "0591-87654321-801",
            "4001234567",
            "400-123-4567",
            "800-1234567",
        ] {
            assert_eq!(ContactField::Phone.check(phone), Ok(()), "{phone}");
        }
        for phone in [
            "1390000123",
            "139000012345",
            "12900001234",
            "87654321",
            "0591-07654321",
            "0091-87654321",
            "0591-876543",
            "059-1-87654321",
            "0591-87654321-",
            "+8613900001234",
            "139 0000 1234",
            "1390000123４",
            "-",
            "400123456",
            "13900001234;13900001235",
            "0591-87654321-8012345",
        ] {
            assert_eq!(ContactField::Phone.check(phone), Err(ContactError::Phone), "{phone}");
        }
    }

    #[test]
    fn names_and_notes_have_a_bound_and_nothing_deceptive() {
        use display::Trick;
        let name = |text: &str| ContactField::Name.check(text);
        let note = |text: &str| ContactField::Note.check(text);
        for text in ["", "王试", "医保办 王试"] {
            assert_eq!((name(text), note(text)), (Ok(()), Ok(())), "{text}");
        }
        assert_eq!(name(&"王".repeat(MAX_CONTACT_NAME)), Ok(()));
        assert_eq!(name(&"王".repeat(MAX_CONTACT_NAME + 1)), Err(ContactError::Long(ContactField::Name, 50)));
        assert_eq!(note(&"王".repeat(MAX_CONTACT_NOTE)), Ok(()));
        assert_eq!(
            note(&"王".repeat(MAX_CONTACT_NOTE + 1)),
            Err(ContactError::Long(ContactField::Note, 200))
        );
        assert_eq!(note("夜间打总机；周末无人！"), Ok(()));
        assert!(name("王；试").is_err());
        for (text, trick) in [
            ("王\u{202E}试", Trick::Hidden('\u{202E}')),
            ("王\u{200B}试", Trick::Hidden('\u{200B}')),
            ("<b>", Trick::Foreign('<')),
            (" 王", Trick::Blank),
        ] {
            assert_eq!(name(text), Err(ContactError::Characters(ContactField::Name, trick)), "{text:?}");
            assert_eq!(note(text), Err(ContactError::Characters(ContactField::Note, trick)), "{text:?}");
        }
    }

    #[test]
    fn what_is_shown_and_what_is_wrong_says_nothing_of_a_person() {
        let contact =
            Contact { name: "王试".to_owned(), phone: "13900001234".to_owned(), note: "夜间".to_owned() };
        let masked = ContactField::ALL.map(|field| field.masked(contact.text(field)));
        assert_eq!(masked, ["*试", "*******1234", "2 字"]);
        assert_eq!(ContactField::ALL.map(|field| field.masked("")), ["-", "-", "-"]);
        let edit = ContactEdit { phone: Some("139000012".to_owned()), ..ContactEdit::default() };
        let error = edit.check().expect_err("too short");
        assert_eq!(ContactEdit { phone: Some(String::new()), ..edit.clone() }.check(), Ok(()));
        for text in [format!("{contact:?}"), format!("{edit:?}"), error.to_string(), format!("{error:?}")] {
            assert!(!["王", "1390", "夜"].iter().any(|part| text.contains(part)), "{text}");
        }
        assert!(!contact.is_empty() && Contact::default().is_empty());
    }
}
