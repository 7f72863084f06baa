//! Whatever is in an envelope: all readers look at it, and what the door lets in as a name can be shown.
#![no_main]

#[path = "../../crates/protocol/tests/protocol/readers.rs"]
mod readers;
#[path = "../../crates/protocol/tests/protocol/unicode.rs"]
mod unicode;

use yanmi_protocol::envelope::{CipherText, MAX_PLAIN_BYTES, seal};
use yanmi_protocol::message::{decode, notify};
use yanmi_protocol::{Members, Sm4Key};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = decode::Request::read(text);
    let parsed = Members::parse(text);
    if text.len() <= MAX_PLAIN_BYTES {
        let key = Sm4Key::from_bytes(&[9; 16]);
        let sealed = CipherText::from_hex(&seal(&key, text.as_bytes())).expect("whole blocks");
        let opened = sealed.open(&key);
        assert_eq!(opened.is_ok(), parsed.is_ok(), "sealing changes nothing");
        if let Ok(plain) = opened {
            assert_eq!(plain.as_str(), text);
        }
    }
    let Ok(members) = parsed else { return };
    if let Ok(request) = notify::Request::read(&members)
        && let Err(why) = unicode::holds(&request.org_name)
    {
        panic!("{why}");
    }
    readers::look(&members);
});
