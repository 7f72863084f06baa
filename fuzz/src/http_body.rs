//! Bodies as they come over HTTP: in pieces, too long, in envelopes or not, with macs or not. What comes out is a refusal
//! that tells nothing about anybody, or a reading; and a reading that is written again reads the same.
//!
//! The first byte says what the rest is: `m` a message that is sealed here, anything else a body; the second how large the
//! pieces are it comes in; the third how long it may be, where that is less than what is taken otherwise (`-`).
#![no_main]

mod again;
#[path = "../../crates/protocol/tests/protocol/readers.rs"]
mod readers;
mod said;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use yanmi_http::{Bodies, BodyError, read_body};
use yanmi_protocol::envelope::{self, Answer, MAX_PLAIN_BYTES, RequestEnvelope, Sender};
use yanmi_protocol::member::without_mark;
use yanmi_protocol::message::{decode, notify, status};
use yanmi_protocol::{Members, Region, Sm4Key, UnixMillis};

/// The longest body that is taken, unless an input says less.
const LIMIT: usize = 3_000;
const ROOM: usize = 4 * LIMIT;
const PATIENCE: Duration = Duration::from_mins(1);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NOW: i64 = 1_763_869_440_000;

thread_local! {
    static RUNTIME: RefCell<Runtime> =
        RefCell::new(Builder::new_current_thread().enable_time().build().expect("a runtime"));
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [what, size, limit, rest @ ..] = input else { return };
    let key = Sm4Key::from_bytes(&[9; 16]);
    let limit = if *limit == b'-' { LIMIT } else { usize::from(*limit) };
    let Some(body) = arrived(rest, usize::from(*size), limit) else { return };
    if *what == b'm' {
        if let Ok(text) = std::str::from_utf8(&body) {
            message(text, &key);
        }
    } else {
        enveloped(&body, &key);
        answered(&body, &key);
        if let Ok(text) = std::str::from_utf8(&body) {
            if let Err(why) = decode::Request::read(text) {
                said::tells_nothing(&why.to_string(), text);
            }
            again::decoded(text);
        }
    }
});

/// The body, after it came in pieces of this size; nothing when it is too long.
fn arrived(whole: &[u8], size: usize, limit: usize) -> Option<Bytes> {
    let bodies = Bodies::new(ROOM, 7);
    let pieces = whole.chunks(size.max(1)).map(Bytes::copy_from_slice).collect();
    let mut room = bodies.room(HERE);
    let read = RUNTIME
        .with_borrow(|runtime| runtime.block_on(read_body(Pieces(pieces), limit, PATIENCE, &mut room)));
    match &read {
        Ok(body) => {
            assert!(body == whole && whole.len() <= limit, "what arrived is what was sent and may be");
            assert_eq!(bodies.taken(), whole.len(), "it takes the room it needs");
        }
        Err(why) => assert!(*why == BodyError::TooLarge(limit) && whole.len() > limit, "{why}"),
    }
    drop(room);
    assert_eq!(bodies.taken(), 0, "nothing is held of a body that is gone");
    read.ok()
}

/// A body that says nothing of its length beforehand.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

/// A body that is an envelope, or none.
fn enveloped(body: &[u8], key: &Sm4Key) {
    let region = Region::new("350000").expect("a region");
    let text = String::from_utf8_lossy(body);
    let envelope = match RequestEnvelope::parse(body, region) {
        Ok(envelope) => envelope,
        Err(why) => return said::tells_nothing(&why.to_string(), &text),
    };
    let value: Value = serde_json::from_str(without_mark(&text)).expect("an envelope is JSON");
    assert_eq!(value["orgId"], *envelope.org_id, "two readers read the same");
    assert!(!envelope.is_proven(notify::PATH, key), "nobody here can make a mac");
    match envelope.sealed.open(key) {
        Ok(plain) => message(plain.as_str(), key),
        Err(why) => said::tells_nothing(&why.to_string(), &text),
    }
}

/// What is in an envelope, sealed and read by whoever gets it.
fn message(text: &str, key: &Sm4Key) {
    let region = Region::new("350000").expect("a region");
    let sender = Sender { key, org_id: "0001", prefix: "sys", region };
    let sent = sender.proven_request(notify::PATH, UnixMillis::new(NOW), text.as_bytes());
    let envelope = RequestEnvelope::parse(sent.body.as_bytes(), region).expect("we write envelopes");
    assert!(envelope.is_proven(notify::PATH, key), "our own mac is right");
    assert!(!envelope.is_proven(status::PATH, key), "at another address it is not");
    let opened = envelope.sealed.open(key);
    let members = match Members::parse(text) {
        Ok(members) if text.len() <= MAX_PLAIN_BYTES => members,
        Ok(_) => return assert!(opened.is_err()),
        Err(why) => {
            assert!(opened.is_err(), "what is no object does not open");
            return said::tells_nothing(&why.to_string(), text);
        }
    };
    assert_eq!(opened.expect("an object opens").as_str(), text);
    readers::look(&members);
    for why in refusals(&members) {
        said::tells_nothing(&why, text);
    }
    again::all(&members);
}

/// What the senders of requests are told.
fn refusals(members: &Members<'_>) -> Vec<String> {
    use yanmi_protocol::message::{auth_result, password, password_free, pending};
    [
        notify::Request::read(members).err(),
        status::Request::read(members).err(),
        password::Request::read(members).err(),
        auth_result::Request::read(members).err(),
        pending::Request::read(members).err(),
        password_free::Request::read(members).err(),
    ]
    .into_iter()
    .flatten()
    .map(|why| why.to_string())
    .collect()
}

/// A body that is an answer: with a mac of ours it is proven, and to nothing else.
fn answered(body: &[u8], key: &Sm4Key) {
    let Ok(answer) = Answer::parse(body) else { return };
    let Ok(text) = std::str::from_utf8(body) else { return };
    let text = without_mark(text);
    let has_mac = Members::parse(text).is_ok_and(|members| members.entries().any(|(name, _)| name == "mac"));
    if has_mac {
        return;
    }
    let (one, other) = ("A".repeat(64), "B".repeat(64));
    let proven = envelope::prove(key, &one, text).expect("an answer");
    let read = Answer::parse(proven.as_bytes()).expect("the answer with a mac");
    assert_eq!((read.code, &read.message, &read.enc_data), (answer.code, &answer.message, &answer.enc_data));
    assert!(read.is_proven(key, &one) && !read.is_proven(key, &other));
}
