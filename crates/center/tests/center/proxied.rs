//! What passes the proxy is read as the protocol frames it.

use proptest::prelude::*;

use crate::proxy::{ASKS_FOR_ENCRYPTION, Message, Messages, STARTUP, Speaker};

fn startup(code: u32, rest: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + rest.len()).expect("short");
    [&length.to_be_bytes()[..], &code.to_be_bytes(), rest].concat()
}

fn typed(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(4 + body.len()).expect("short");
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

/// Everything cut out of pieces of these lengths, again and again.
fn read(mut messages: Messages, bytes: &[u8], lengths: &[usize]) -> Vec<Message> {
    let (mut rest, mut out) = (bytes, Vec::new());
    for length in lengths.iter().cycle() {
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        messages.push(piece);
        while let Some(message) = messages.next() {
            out.push(message);
        }
        rest = after;
        if rest.is_empty() {
            return out;
        }
    }
    out
}

fn bodies() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let body = proptest::collection::vec(any::<u8>(), 0..300);
    proptest::collection::vec((any::<u8>(), body), 0..20)
}

proptest! {
    #[test]
    fn messages_are_whole_however_the_network_cuts_them(
        encrypts in any::<bool>(),
        said in bodies(),
        lengths in proptest::collection::vec(1_usize..40, 1..8),
    ) {
        let mut expected = Vec::new();
        if encrypts {
            expected.push(Message { tag: ASKS_FOR_ENCRYPTION, bytes: startup(80_877_103, &[]) });
        }
        expected.push(Message { tag: STARTUP, bytes: startup(196_608, b"user\0yanmi\0\0") });
        let of = |(tag, body): &(u8, Vec<u8>)| Message { tag: char::from(*tag), bytes: typed(*tag, body) };
        expected.extend(said.iter().map(of));
        let bytes: Vec<u8> = expected.iter().flat_map(|message| message.bytes.clone()).collect();
        prop_assert_eq!(read(Messages::of(Speaker::Client), &bytes, &lengths), expected);
    }

    #[test]
    fn a_server_answers_a_request_for_encryption_with_a_single_byte(
        said in bodies(),
        lengths in proptest::collection::vec(1_usize..40, 1..8),
    ) {
        let mut messages = Messages::of(Speaker::Server);
        messages.expect_single();
        let mut expected = vec![Message { tag: 'N', bytes: b"N".to_vec() }];
        let of = |(tag, body): &(u8, Vec<u8>)| Message { tag: char::from(*tag), bytes: typed(*tag, body) };
        expected.extend(said.iter().map(of));
        let bytes: Vec<u8> = expected.iter().flat_map(|message| message.bytes.clone()).collect();
        prop_assert_eq!(read(messages, &bytes, &lengths), expected);
    }
}
