//! The texts of cells.

use crate::bounds::MAX_CHARACTERS;
use crate::container::Xml;

/// A text that may be in pieces, each with a look of its own, and may have a reading beside it.
#[derive(Default)]
pub(crate) struct RichText {
    text: String,
    characters: usize,
    in_text: bool,
    in_reading: bool,
}

impl RichText {
    pub(crate) fn take(&mut self, xml: &Xml<'_>) {
        match xml {
            Xml::Start(tag) => match tag.local_name().as_ref() {
                "rPh" => self.in_reading = true,
                "t" => self.in_text = !self.in_reading,
                _ => {}
            },
            Xml::End("t") => self.in_text = false,
            Xml::End("rPh") => self.in_reading = false,
            Xml::Text(text) if self.in_text => text.chars().for_each(|c| self.push(c)),
            Xml::Character(c) if self.in_text => self.push(*c),
            _ => {}
        }
    }

    pub(crate) fn push(&mut self, c: char) {
        if self.characters <= MAX_CHARACTERS {
            self.text.push(c);
            self.characters += 1;
        }
    }

    /// What it is; it begins anew.
    pub(crate) fn end(&mut self) -> String {
        std::mem::take(self).text
    }
}
