//! The encoder of names, judged by Unicode's own tables.
#![no_main]

#[path = "../../crates/protocol/tests/protocol/unicode.rs"]
mod unicode;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(why) = unicode::holds(text) {
        panic!("{why}");
    }
});
