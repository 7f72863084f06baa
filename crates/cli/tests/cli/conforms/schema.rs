//! As much of JSON Schema as the documents of the contracts use; a word it does not know is an error.

use serde_json::Value;

/// A `pattern` of the document, and whether a text is of that form.
type Form = (&'static str, fn(&str) -> bool);

/// Every `pattern` of the document but one.
const PATTERNS: [Form; 16] = [
    ("^[0-9]{13}$", |t| digits(t, 13..=13)),
    ("^[0-9]{27}$", |t| digits(t, 27..=27)),
    ("^[0-9]{2}$", |t| digits(t, 2..=2)),
    ("^[0-9]{13,32}$", |t| digits(t, 13..=32)),
    ("^[0-9]{27,46}$", |t| digits(t, 27..=46)),
    ("^[0-9]{1,14}(\\.[0-9]{1,2})?$", |t| {
        let (yuan, fen) = t.split_once('.').unwrap_or((t, "0"));
        digits(yuan, 1..=14) && digits(fen, 1..=2)
    }),
    ("^[0-9]{1,10}$", |t| digits(t, 1..=10)),
    ("^[1-9][0-9]{0,8}$", |t| digits(t, 1..=9) && !t.starts_with('0')),
    ("^[1-9][0-9]{0,3}$", |t| digits(t, 1..=4) && !t.starts_with('0')),
    ("^[0-9]{1,14}\\.[0-9]{2}$", |t| {
        t.split_once('.').is_some_and(|(yuan, fen)| digits(yuan, 1..=14) && digits(fen, 2..=2))
    }),
    ("^[0-9A-Za-z]{1,40}$", |t| (1..=40).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric())),
    ("^[0-9A-Za-z]{1,64}$", |t| (1..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric())),
    ("^[0-9A-Za-z._-]{1,40}$", |t| {
        (1..=40).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    }),
    ("^[HP][0-9]{11}$", |t| t.strip_prefix(['H', 'P']).is_some_and(|rest| digits(rest, 11..=11))),
    ("^([0-9A-Fa-f]{32})+$", |t| {
        !t.is_empty() && t.len() % 32 == 0 && t.bytes().all(|b| b.is_ascii_hexdigit())
    }),
    ("^[0-9A-Fa-f]{64}$", |t| t.len() == 64 && t.bytes().all(|b| b.is_ascii_hexdigit())),
];

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Why a value is not of a schema: a path into it, and the word of the schema. Nothing when it is.
pub(crate) fn misfit(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let inner =
        |schema, value, place: &str| misfit(document, schema, value).map(|why| format!("{place}/{why}"));
    schema.as_object().expect("a schema").iter().find_map(|(word, rule)| {
        let no = |fits: bool| (!fits).then(|| word.clone());
        match word.as_str() {
            "description" | "contentEncoding" | "contentMediaType" | "contentSchema" => None,
            "$ref" => {
                let path = rule.as_str().and_then(|path| path.strip_prefix('#')).expect("a path");
                misfit(document, document.pointer(path).expect(path), value)
            }
            "type" => no(match rule.as_str().expect("a type") {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => value.is_i64(),
                "number" => value.is_number(),
                "null" => value.is_null(),
                "boolean" => value.is_boolean(),
                other => panic!("unknown type {other}"),
            }),
            "const" => no(value == rule),
            "enum" => no(rule.as_array().expect("values").contains(value)),
            "not" => no(misfit(document, rule, value).is_some()),
            "allOf" => {
                rule.as_array().expect("schemas").iter().find_map(|each| misfit(document, each, value))
            }
            "oneOf" => {
                let all = rule.as_array().expect("schemas").iter();
                no(all.filter(|each| misfit(document, each, value).is_none()).count() == 1)
            }
            "required" => {
                let mut names = rule.as_array().expect("names").iter().filter_map(Value::as_str);
                names.find(|name| value.get(name).is_none()).map(|name| format!("{name} missing"))
            }
            "properties" => rule
                .as_object()
                .expect("schemas")
                .iter()
                .find_map(|(name, schema)| value.get(name).and_then(|member| inner(schema, member, name))),
            "items" => value.as_array()?.iter().find_map(|item| inner(rule, item, "items")),
            "minimum" => no(value.as_f64()? >= rule.as_f64().expect("a number")),
            "maximum" => no(value.as_f64()? <= rule.as_f64().expect("a number")),
            "maxItems" => no(value.as_array().map_or(0, Vec::len) as u64 <= rule.as_u64().expect("a number")),
            "maxLength" => no(value.as_str()?.chars().count() as u64 <= rule.as_u64().expect("a number")),
            "pattern" => no(fits(rule.as_str().expect("a pattern"), value.as_str()?)),
            other => panic!("unknown word {other}"),
        }
    })
}

fn fits(pattern: &str, text: &str) -> bool {
    if pattern == "^.*&[0-9]{6}$" {
        return text.rsplit_once('&').is_some_and(|(_, region)| digits(region, 6..=6));
    }
    let known = PATTERNS.iter().find(|(known, _)| *known == pattern);
    known.unwrap_or_else(|| panic!("unknown pattern {pattern}")).1(text)
}
