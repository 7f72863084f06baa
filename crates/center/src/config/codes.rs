//! Lists of codes of a dictionary: which of its entries this center takes.

use yanmi_protocol::dictionary::{BusinessType, IdType};

use super::field::{Field, wrong};
use super::setting::{Form, Given, Raw, quoted};

/// An entry of a dictionary.
trait Entry: Copy + PartialEq {
    fn of(code: &str) -> Option<Self>;
    fn code(self) -> &'static str;
}

impl Entry for IdType {
    fn of(code: &str) -> Option<Self> {
        Self::new(code)
    }

    fn code(self) -> &'static str {
        self.code()
    }
}

impl Entry for BusinessType {
    fn of(code: &str) -> Option<Self> {
        Self::new(code)
    }

    fn code(self) -> &'static str {
        self.code()
    }
}

impl<T: Entry> Field for Vec<T> {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let (Raw::List(codes), Form::Codes { what, known, .. }) = (&given.raw, given.form) else {
            return Err(wrong(given));
        };
        if codes.is_empty() {
            return Err(format!("至少列出一个{what}代码"));
        }
        let mut entries = Self::with_capacity(codes.len().min(known.len()));
        for code in codes {
            let Some(entry) = T::of(code) else {
                let known: Vec<&str> = known.iter().map(|(code, _)| *code).collect();
                return Err(format!("{} 不是{what}代码：应为 {} 之一", quoted(code), known.join("、")));
            };
            if entries.contains(&entry) {
                return Err(format!("{} 列出了两次", quoted(code)));
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    fn show(&self, _: &Form) -> String {
        Raw::List(self.iter().map(|entry| entry.code()).collect()).literal()
    }
}
