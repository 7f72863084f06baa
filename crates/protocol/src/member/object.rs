//! Texts that are no JSON object: why not, and where.

use std::fmt;

use super::MAX_MEMBERS;

/// Why a text is no JSON object. It never repeats the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAnObject {
    /// Its bytes are not UTF-8.
    NotUtf8,
    /// It is not JSON at all.
    NotJson(Place),
    /// There is nothing.
    Empty,
    /// It is no JSON, and looks like this.
    LooksLike(&'static str),
    /// It is JSON, but an array, a text, a number, …
    AnotherType,
    /// It has more than [`MAX_MEMBERS`] members.
    TooManyMembers,
}

impl fmt::Display for NotAnObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("不是 UTF-8 编码"),
            Self::NotJson(Place { line, column }) => {
                write!(f, "不是合法的 JSON（第 {line} 行第 {column} 列）")
            }
            Self::Empty => f.write_str("不是合法的 JSON：内容为空"),
            Self::LooksLike(what) => write!(f, "不是合法的 JSON：像是{what}"),
            Self::AnotherType => f.write_str("不是 JSON 对象"),
            Self::TooManyMembers => write!(f, "JSON 对象的成员超过 {MAX_MEMBERS} 个"),
        }
    }
}

impl std::error::Error for NotAnObject {}

/// Where a text stops being JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in it, counted from 1; 0 for the line break before it.
    pub column: usize,
}

impl NotAnObject {
    /// What is wrong with a text that serde could not read.
    pub(super) fn of(text: &str, error: &serde_json::Error) -> Self {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Self::Empty;
        }
        if let Some(what) = look(trimmed) {
            return Self::LooksLike(what);
        }
        let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
        // serde counts bytes, people count characters.
        let column = line.char_indices().take_while(|(at, _)| *at < error.column()).count();
        Self::NotJson(Place { line: error.line(), column })
    }
}

/// What programs send in the place of JSON.
fn look(text: &str) -> Option<&'static str> {
    let name = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'%'))
    };
    match text.as_bytes().first()? {
        b'<' => Some("网页或 XML"),
        b'-' if text.starts_with("--") && text.contains("Content-Disposition") => {
            Some(" multipart 表单：应直接以 JSON 为请求体")
        }
        _ if text.split('&').all(|pair| pair.split_once('=').is_some_and(|(left, _)| name(left))) => {
            Some("表单（a=1&b=2）：应直接以 JSON 为请求体")
        }
        _ => None,
    }
}

/// The text of a JSON message: UTF-8, without the byte-order mark that may stand before it.
///
/// # Errors
/// [`NotAnObject::NotUtf8`].
pub fn json_text(bytes: &[u8]) -> Result<&str, NotAnObject> {
    std::str::from_utf8(bytes).map(without_mark).map_err(|_| NotAnObject::NotUtf8)
}

/// The text without the byte-order mark that may stand before it.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}
