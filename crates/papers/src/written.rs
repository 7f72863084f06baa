//! How members are written: each kind of value as one text, wherever it stands.

use ipnet::IpNet;
use serde::ser::{SerializeSeq, Serializer};
use yanmi_protocol::{AccountId, KeyCheckValue, OrgCode, Region, UnixMillis, hex};

use crate::number::{ApplicationNo, FeedbackNo};
use crate::public_key::PublicKey;

/// What is written as a text.
pub(crate) trait Written {
    /// The text.
    fn text(&self) -> String;
}

/// What says its text by `Display`, or by `as_str`.
macro_rules! written {
    ($($kind:ty),+ => $method:ident) => {
        $(impl Written for $kind {
            fn text(&self) -> String {
                self.$method().to_owned()
            }
        })+
    };
}

written!(AccountId, OrgCode, Region => as_str);
written!(ApplicationNo, FeedbackNo, KeyCheckValue, IpNet => to_string);
written!(PublicKey => to_hex);

/// SM3 or SHA-256.
impl Written for [u8; 32] {
    fn text(&self) -> String {
        hex::encode(self)
    }
}

pub(crate) fn text<T: Written, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&value.text())
}

#[expect(clippy::ref_option, reason = "serde hands over references to members")]
pub(crate) fn optional_text<T: Written, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => to.serialize_str(&value.text()),
        None => to.serialize_none(),
    }
}

pub(crate) fn texts<T: Written, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(values.len()))?;
    for value in values {
        list.serialize_element(&value.text())?;
    }
    list.end()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
pub(crate) fn time<S: Serializer>(value: &UnixMillis, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(value.get())
}

#[expect(clippy::ref_option, reason = "serde hands over references to members")]
pub(crate) fn optional_time<S: Serializer>(value: &Option<UnixMillis>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => time(value, to),
        None => to.serialize_none(),
    }
}
