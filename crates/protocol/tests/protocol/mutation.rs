//! Nonsense: random and mutated envelopes are refused or read, and nothing else.

use proptest::prelude::*;
use yanmi_protocol::envelope::{MAX_PLAIN_BYTES, RequestEnvelope, request, seal};
use yanmi_protocol::{Region, Sm4Key, UnixMillis};

use crate::readers;

fn key() -> Sm4Key {
    Sm4Key::from_bytes(&[9; 16])
}

/// Opens a body and has every reader look at what is inside.
fn look(body: &[u8]) {
    let region = Region::new("350000").expect("a region");
    let Ok(envelope) = RequestEnvelope::parse(body, region) else { return };
    let Ok(plain) = envelope.sealed.open(&key()) else { return };
    let members = plain.members().expect("opened messages are objects");
    readers::look(&members);
}

fn valid(message: &str) -> Vec<u8> {
    let region = Region::new("350000").expect("a region");
    let at = UnixMillis::new(1_763_869_440_000);
    request(&key(), "testOrgId", "sys", region, at, message.as_bytes()).into_bytes()
}

const MESSAGE: &str = "{\"token\":\"350000ec7ioqup8p1o0761820a0000f1f8b13d\",\"orgCodg\":\"H35010000001\",\
    \"orgName\":\"福州示范医院\",\"totalAmount\":128.50,\"ext\":\"1\",\"waitSeconds\":3}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn mutated_envelopes(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
        let mut body = valid(MESSAGE);
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        look(&body);
    }

    #[test]
    fn mutated_messages(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<char>()), 0..6)) {
        let mut text: Vec<char> = MESSAGE.chars().collect();
        for (at, c) in changes {
            let at = at.index(text.len());
            text[at] = c;
        }
        look(&valid(&text.into_iter().collect::<String>()));
    }

    #[test]
    fn random_bytes(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        look(&body);
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens(text in "\\PC{0,300}") {
        let message = serde_json::json!({ "text": text }).to_string();
        prop_assume!(message.len() <= MAX_PLAIN_BYTES);
        let sealed = yanmi_protocol::envelope::CipherText::from_hex(&seal(&key(), message.as_bytes()));
        let opened = sealed.expect("whole blocks").open(&key()).expect("our own");
        prop_assert_eq!(opened.as_str(), message);
    }
}
