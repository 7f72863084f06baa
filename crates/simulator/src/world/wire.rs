//! How identifiers and keys stand in the world's file: as their texts, parsed on the way in.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{SerializeSeq, Serializer};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{AccountId, ChannelId, EcIndexNo, EcToken, OrgCode, Region, Sm4Key};

/// Something that is a text in the file.
pub(crate) trait Text: Sized {
    /// Hands the text to `write`.
    fn with_text<R>(&self, write: impl FnOnce(&str) -> R) -> R;
    /// Reads the text; the error says what is expected, not what was there.
    fn from_text(text: &str) -> Result<Self, String>;
}

macro_rules! identifier_texts {
    ($($name:ident),*) => {$(
        impl Text for $name {
            fn with_text<R>(&self, write: impl FnOnce(&str) -> R) -> R {
                write(self.as_str())
            }
            fn from_text(text: &str) -> Result<Self, String> {
                Self::new(text).map_err(|e| e.to_string())
            }
        }
    )*};
}

identifier_texts!(AccountId, ChannelId, EcIndexNo, EcToken, OrgCode, Region);

impl Text for Sm4Key {
    fn with_text<R>(&self, write: impl FnOnce(&str) -> R) -> R {
        write(&self.to_hex())
    }
    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_hex(text).map_err(|e| e.to_string())
    }
}

impl Text for Way {
    fn with_text<R>(&self, write: impl FnOnce(&str) -> R) -> R {
        write(self.code())
    }
    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_code(text).ok_or_else(|| "应为 01、02、03 之一".to_owned())
    }
}

pub(crate) fn serialize<T: Text, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.with_text(|text| serializer.serialize_str(text))
}

pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::from_text(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// The same for a list of them.
pub(crate) mod list {
    use super::{Deserialize, Deserializer, Error, SerializeSeq, Serializer, Text};

    pub(crate) fn serialize<T: Text, S: Serializer>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(values.len()))?;
        for value in values {
            value.with_text(|text| sequence.serialize_element(text))?;
        }
        sequence.end()
    }

    pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| T::from_text(text)).collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}
