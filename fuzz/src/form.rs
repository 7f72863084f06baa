//! Forms of the insured person's pages, of the console and of the applicants' pages, with a file or without.
//!
//! The first byte says what the rest is: `m` a form with a file as it is on the wire, `w` what such a form is written of here,
//! `a` an application, `s` what was stored of a form; anything else is a form without a file.
#![no_main]

mod said;

use bytes::Bytes;
use yanmi_center::fuzzing::{PageForm, encoded_segment, is_notice_form, is_settings_form, page_value};
use yanmi_onboarding::application::{Field, Form, Kind};

const BOUNDARY: &str = "----x1";
const TYPE: &str = "multipart/form-data; boundary=----x1";
/// Names that pages give to fields, by which readers look.
const NAMES: [&str; 10] = ["t", "do", "p", "n", "code", "reason", "name", "single", "day", "count"];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [what, rest @ ..] = input else { return };
    let text = std::str::from_utf8(rest);
    match (what, text) {
        (b'm', _) => on_the_wire(rest),
        (b'w', _) => written(rest),
        (b'a', Ok(text)) => application(text),
        (b's', Ok(text)) => stored(text),
        (_, Ok(text)) => plain(text),
        _ => {}
    }
});

/// A form without a file. Whatever we take, a browser's reader takes for the same.
fn plain(text: &str) {
    // They never look behind a percent sign, so they may take what nobody else can read.
    let _ = (is_notice_form(text), is_settings_form(text));
    let Some(form) = PageForm::read(text) else { return };
    let theirs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    for name in theirs.iter().map(|(name, _)| name.as_str()).chain(NAMES) {
        let values: Vec<&str> =
            theirs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
        assert_eq!(form.typed(name), values.join(","), "{name}");
        assert_eq!(form.text(name), values.join(",").trim(), "{name}");
        let is_bare = !text.contains(['%', '+']);
        if is_bare && values.len() == 1 && !text.contains("&&") {
            assert_eq!(page_value(text, name), Some(values[0]), "{name}");
        }
    }
    let again: Vec<String> = theirs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded_segment(name), encoded_segment(value)))
        .collect();
    let again = PageForm::read(&again.join("&")).expect("what we write we read");
    for (name, _) in &theirs {
        assert_eq!(form.typed(name), again.typed(name), "{name}");
    }
    kept(&form, &theirs);
}

/// What is kept of a form until a second person has decided: all but what belongs to who typed it.
fn kept(form: &PageForm, fields: &[(String, String)]) {
    let again = PageForm::of_stored(&form.stored()).expect("what was stored");
    for (name, _) in fields {
        let own = ["t", "code", "reason", "again"].contains(&name.as_str());
        let left = if own { String::new() } else { form.typed(name) };
        assert_eq!(again.typed(name), left, "{name}");
    }
}

/// What somebody says was stored.
fn stored(json: &str) {
    let Some(form) = PageForm::of_stored(json) else { return };
    let again = PageForm::of_stored(&form.stored()).expect("what was stored");
    assert_eq!(again.stored(), form.stored());
}

/// A form with a file, as it came.
fn on_the_wire(body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    let Some(form) = PageForm::of_multipart(TYPE, &body) else { return };
    assert!(body.windows(BOUNDARY.len()).any(|part| part == BOUNDARY.as_bytes()), "it has an end");
    let Some((name, bytes)) = form.file() else { return };
    let separator = format!("\r\n--{BOUNDARY}");
    assert!(!contains(bytes, separator.as_bytes()), "a file ends where its boundary is");
    let line = format!("filename=\"{name}\"");
    assert!(contains(&body, line.as_bytes()), "the name is the one that was sent");
}

/// A form with a file, written as browsers do: fields are lines, the file is what follows the first empty one.
fn written(input: &[u8]) {
    let at = input.windows(2).position(|two| two == b"\n\n").unwrap_or(input.len());
    let Ok(lines) = std::str::from_utf8(&input[..at]) else { return };
    let file = input.get(at + 2..).unwrap_or_default();
    let separator = format!("\r\n--{BOUNDARY}");
    if contains(file, separator.as_bytes()) || lines.contains(BOUNDARY) {
        return;
    }
    let fields: Vec<(&str, &str)> = lines
        .split('\n')
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| !name.contains(['"', '\r']))
        .collect();
    let names: std::collections::BTreeSet<&str> = fields.iter().map(|(name, _)| *name).collect();
    let mut body = Vec::new();
    for (name, value) in &fields {
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("{separator}--\r\n").as_bytes());
    // More fields than any page has, or a name too long for one, are no form.
    let Some(form) = PageForm::of_multipart(TYPE, &Bytes::from(body)) else {
        let longest = names.iter().map(|name| name.len()).max().unwrap_or_default();
        return assert!(names.len() >= 40 || longest > 1_900, "a browser's form is read");
    };
    for name in names {
        let values: Vec<&str> =
            fields.iter().filter(|(other, _)| *other == name).map(|(_, value)| *value).collect();
        assert_eq!(form.typed(name), values.join(","), "{name}");
    }
    let (name, bytes) = form.file().expect("the file");
    assert!(name == "a.csv" && bytes == file, "the file is what was sent");
}

/// An application as it was typed.
fn application(text: &str) {
    let Some(typed) = PageForm::read(text) else { return };
    for kind in [Kind::System, Kind::Channel, Kind::Attach, Kind::Change, Kind::Close] {
        let before = Form::default();
        let form = match typed.application(kind, &before) {
            Ok(form) => form,
            Err(why) => {
                said::tells_nothing(&why, typed.text(Field::Institutions.word()));
                continue;
            }
        };
        let again = Form::from_json(&form.to_json()).expect("what was stored");
        assert!(again == form && again.digest() == form.digest(), "it comes back as it was");
        for fault in form.faults() {
            let given = form.text(fault.field).unwrap_or_default();
            said::tells_nothing(&fault.why, given);
            assert!(Field::of(kind).any(|field| field == fault.field), "a fault is of a field there is");
        }
        assert!(form.missing(kind).iter().all(|field| Field::required(kind).contains(field)));
        let _ = form.subject(kind);
    }
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|part| part == what)
}
