//! JSON of any shape, under one rule for members that are there twice.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::without_mark;

/// Why a text is no JSON under the rules of this module. It repeats a name, never a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JsonError {
    /// It is not JSON at all.
    NotJson {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// A member stands there twice.
    Twice {
        /// Its name, cut at [`MAX_SHOWN_NAME`] characters.
        name: String,
        /// The line the second one is in, counted from 1.
        line: usize,
    },
}

/// Characters of a member's name that a [`JsonError`] repeats.
pub const MAX_SHOWN_NAME: usize = 40;

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { line, column } => write!(f, "不是合法的 JSON（第 {line} 行第 {column} 列）"),
            Self::Twice { name, line } => write!(f, "{name} 重复出现（第 {line} 行）"),
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads JSON of any shape, in which no object at any depth may have a member twice.
///
/// # Errors
/// [`JsonError`].
pub fn read_value(text: &str) -> Result<Value, JsonError> {
    let twice = std::cell::RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(without_mark(text));
    let read = de::DeserializeSeed::deserialize(Unique(&twice), &mut reader)
        .and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| match twice.into_inner() {
        Some(name) => JsonError::Twice { name, line: error.line() },
        None => JsonError::NotJson { line: error.line(), column: error.column() },
    })
}

/// Reads a value, and notes the name that is there twice.
#[derive(Clone, Copy)]
struct Unique<'n>(&'n std::cell::RefCell<Option<String>>);

impl<'de> de::DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            out.push(value);
        }
        Ok(Value::Array(out))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if out.contains_key(&name) {
                *self.0.borrow_mut() = Some(name.chars().take(MAX_SHOWN_NAME).collect());
                return Err(de::Error::custom("a member is there twice"));
            }
            out.insert(name, map.next_value_seed(self)?);
        }
        Ok(Value::Object(out))
    }
}

/// The text of a JSON string; nothing for another type or a broken escape.
pub fn read_text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}
