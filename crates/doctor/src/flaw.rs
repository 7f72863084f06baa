//! The first character of a message that cannot stand where it stands.

use std::fmt;

use serde_json::error::Category;

/// Where a message stops being JSON. It displays one character at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// The character at this position, counted from 1, cannot stand there.
    Character(usize, char),
    /// It ends after this many characters, and is not whole.
    End(usize),
    /// The byte at this position, counted from 1, belongs to no character of UTF-8.
    Byte(usize, u8),
    /// It is JSON, but no object.
    AnotherType,
    /// It is an object with too many members.
    TooManyMembers,
}

impl Flaw {
    /// The first flaw of a text; nothing when it is a JSON object.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let Err(error) = serde_json::from_str::<serde_json::Value>(text) else {
            return match yanmi_protocol::Members::parse(text) {
                Ok(_) => None,
                Err(_) if text.trim_start().starts_with('{') => Some(Self::TooManyMembers),
                Err(_) => Some(Self::AnotherType),
            };
        };
        if error.classify() == Category::Eof {
            return Some(Self::End(text.chars().count()));
        }
        let line_start: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        // The column counts bytes from 1; it is 0 when a line break is what is wrong.
        let at = (line_start + error.column()).saturating_sub(1).min(text.len().saturating_sub(1));
        // The character is the one that this byte is part of.
        let (before, seen) = text
            .char_indices()
            .take_while(|(start, _)| *start <= at)
            .enumerate()
            .last()
            .map(|(n, (_, c))| (n, c))?;
        Some(Self::Character(before + 1, seen))
    }

    /// The first byte that is no UTF-8; nothing when all is.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let at = std::str::from_utf8(bytes).err()?.valid_up_to();
        Some(Self::Byte(at + 1, *bytes.get(at)?))
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Character(at, c) => {
                write!(f, "第 {at} 个字符")?;
                match c {
                    '\n' | '\r' | '\t' => write!(f, "是未转义的换行或制表符（U+{:04X}）", u32::from(c)),
                    c if c.is_control() => write!(f, "是控制字符 U+{:04X}", u32::from(c)),
                    '“' | '”' | '，' | '：' | '｛' | '｝' | '＂' => {
                        write!(f, "是全角标点“{c}”（U+{:04X}）", u32::from(c))
                    }
                    c => write!(f, "“{c}”（U+{:04X}）不应出现在这里", u32::from(c)),
                }
            }
            Self::End(count) => write!(f, "到第 {count} 个字符就结束了，不完整"),
            Self::Byte(at, byte) => write!(f, "第 {at} 个字节 {byte:02X} 不是 UTF-8"),
            Self::AnotherType => f.write_str("是合法的 JSON，但不是对象"),
            Self::TooManyMembers => f.write_str("成员过多"),
        }
    }
}
