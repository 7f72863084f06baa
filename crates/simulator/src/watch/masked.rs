//! A message as people may see it: members that say who somebody is, or what they know, are masked. The order of the
//! members, and the way their values are written, stay.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use yanmi_protocol::mask;

/// Objects and lists within each other that are looked into; what is deeper is left out.
const DEEPEST: usize = 8;

/// The text of a JSON value, masked; a text that is none is not shown.
pub(super) fn masked(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    match serde_json::from_str::<&RawValue>(json) {
        Ok(value) => write("", value.get(), DEEPEST, &mut out),
        Err(_) => out.push_str("（不是 JSON，不显示）"),
    }
    out
}

fn write(member: &str, value: &str, depth: usize, out: &mut String) {
    match value.bytes().next() {
        Some(b'{' | b'[') if depth == 0 => out.push_str("null"),
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(value).unwrap_or_default();
            list(out, ('{', '}'), entries.iter(), |(name, value), out| {
                // A name is a text, and writing one cannot fail.
                out.push_str(&serde_json::to_string(name).unwrap_or_default());
                out.push(':');
                write(name, value.get(), depth - 1, out);
            });
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
            list(out, ('[', ']'), values.iter(), |value, out| write(member, value.get(), depth - 1, out));
        }
        _ => leaf(member, value, out),
    }
}

fn list<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

fn leaf(member: &str, value: &str, out: &mut String) {
    let text = serde_json::from_str::<String>(value).ok();
    let shown = match (member, text) {
        ("userName" | "cfmName", Some(name)) => mask::name(&name),
        ("idNo", Some(number)) => mask::identity_number(&number),
        ("birthday", Some(day)) => "*".repeat(day.chars().count()),
        ("userPwd", Some(_)) => "（六位密码的 SM3 摘要，不显示）".to_owned(),
        _ => return out.push_str(value),
    };
    out.push_str(&serde_json::to_string(&shown).unwrap_or_default());
}

/// The members of an object in their order.
#[derive(Default)]
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Each).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_somebody_is_is_masked_and_the_rest_stays_as_it_was() {
        let plain = r#"{"z":1.50,"userName":"陈晓丰","data":{"idNo":"350102197803121042","a":[{"userPwd":"C7F6"}],"n":null},"birthday":"1978-03-12","ecToken":"350000x"}"#;
        let shown = masked(plain);
        assert_eq!(
            shown,
            r#"{"z":1.50,"userName":"**丰","data":{"idNo":"3****************2","a":[{"userPwd":"（六位密码的 SM3 摘要，不显示）"}],"n":null},"birthday":"**********","ecToken":"350000x"}"#
        );
        assert_eq!(masked("[]"), "[]");
        assert_eq!(masked("陈晓丰"), "（不是 JSON，不显示）");
    }

    #[test]
    fn what_is_too_deep_is_left_out() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(masked(&deep).len() < 100);
    }
}
