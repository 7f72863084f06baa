//! Whatever arrives at a face, before it is deciphered, and what is left of it after.
#![no_main]

use yanmi_protocol::envelope::{Answer, RequestEnvelope};
use yanmi_protocol::{Region, Sm4Key};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let key = Sm4Key::from_bytes(&[9; 16]);
    let region = Region::new("350000").expect("a region");
    if let Ok(envelope) = RequestEnvelope::parse(body, region)
        && let Ok(plain) = envelope.sealed.open(&key)
    {
        plain.members().expect("opened messages are objects");
    }
    let _ = Answer::parse(body);
});
