//! What a text is made of, for refusals: whoever sent it recognizes it, and nobody learns what it says.

use std::fmt;

/// How long a text is and what kinds of characters are in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Composition {
    characters: usize,
    /// One bit for each of [`KINDS`].
    kinds: u8,
}

type CharacterKind = (&'static str, fn(char) -> bool);

/// In the order in which they are named; a character is of the first kind that has it.
const KINDS: [CharacterKind; 7] = [
    ("数字", |c| c.is_ascii_digit()),
    ("大写字母", |c| c.is_ascii_uppercase()),
    ("小写字母", |c| c.is_ascii_lowercase()),
    ("空白", |c| c.is_whitespace() || c.is_control()),
    ("标点", |c| c.is_ascii_punctuation()),
    ("全角字符", |c| matches!(c, '\u{FF01}'..='\u{FF5E}')),
    ("汉字等", |_| true),
];

impl Composition {
    /// What is in this text.
    pub fn of(text: &str) -> Self {
        let mut seen = Self { characters: 0, kinds: 0 };
        for c in text.chars() {
            seen.characters += 1;
            if let Some(kind) = KINDS.iter().position(|(_, has)| has(c)) {
                seen.kinds |= 1 << kind;
            }
        }
        seen
    }
}

/// `13 个字符（数字、空白）`.
impl fmt::Display for Composition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = KINDS.iter().enumerate().filter(|(at, _)| self.kinds >> at & 1 == 1);
        let names: Vec<&str> = kinds.map(|(_, (name, _))| *name).collect();
        write!(f, "{} 个字符（{}）", self.characters, names.join("、"))
    }
}

#[cfg(test)]
mod tests {
    use super::Composition;

    #[test]
    fn kinds_and_never_a_character() {
        for (text, said) in [
            ("H35010000001 ", "13 个字符（数字、大写字母、空白）"),
            ("ｈ1", "2 个字符（数字、全角字符）"),
            ("测试-a", "4 个字符（小写字母、标点、汉字等）"),
        ] {
            assert_eq!(Composition::of(text).to_string(), said);
        }
    }
}
