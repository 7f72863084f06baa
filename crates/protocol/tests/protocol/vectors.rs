//! Known answers: the standards' own, and envelopes another implementation sealed.

use std::process::{Command, Stdio};

use serde_json::Value;
use sm3::{Digest, Sm3};
use yanmi_protocol::envelope::{Answer, CipherText, EnvelopeError, RequestEnvelope, Sender, seal};
use yanmi_protocol::envelope::{proven_refusal, proven_success};
use yanmi_protocol::mac::{AnswerParts, RequestParts};
use yanmi_protocol::{Code, Region, Sm4Key, UnixMillis};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../vectors/sm.json")).expect("the vectors are JSON")
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().expect(member)
}

fn list(vectors: &Value, name: &str) -> Vec<Value> {
    let list = vectors[name].as_array().expect(name).clone();
    assert!(!list.is_empty(), "{name} is empty");
    list
}

fn key(vector: &Value) -> Sm4Key {
    match (&vector["key"]["hex"], &vector["key"]["ascii"]) {
        (Value::String(hex), _) => Sm4Key::from_hex(hex).expect("a key"),
        (_, Value::String(ascii)) => Sm4Key::from_ascii(ascii).expect("a key"),
        _ => panic!("a vector without a key"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)]))
        .collect()
}

/// A request around `encData` as it stands.
fn request(enc_data: &str) -> String {
    format!(
        "{{\"reqtType\":\"sys&350000\",\"encData\":\"{enc_data}\",\"version\":\"1.0.0\",\
         \"orgId\":\"testOrgId\",\"timestamp\":\"1623225113340\"}}"
    )
}

#[test]
fn sm4_of_the_standard() {
    use sm4::cipher::{BlockCipherEncrypt, KeyInit};
    for vector in list(&vectors(), "sm4_standard") {
        let bytes =
            |member| -> [u8; 16] { *Sm4Key::from_hex(text(&vector, member)).expect("sixteen bytes").bytes() };
        let cipher = sm4::Sm4::new(&bytes("key").into());
        let mut block = bytes("plain").into();
        for _ in 0..vector["rounds"].as_u64().unwrap_or(1) {
            cipher.encrypt_block(&mut block);
        }
        assert_eq!(<[u8; 16]>::from(block), bytes("cipher"));
    }
}

#[test]
fn sm3_of_the_standard() {
    for vector in list(&vectors(), "sm3_standard") {
        let digest = Sm3::digest(text(&vector, "text"));
        assert_eq!(hex(&digest), text(&vector, "digest"));
    }
}

#[test]
fn what_others_sealed_opens_and_what_we_seal_is_the_same_to_the_letter() {
    for vector in list(&vectors(), "sealed") {
        let (key, plain, enc_data) = (key(&vector), text(&vector, "plain"), text(&vector, "encData"));
        assert_eq!(seal(&key, plain.as_bytes()), enc_data, "{}", text(&vector, "name"));
        for digits in [enc_data.to_owned(), enc_data.to_lowercase()] {
            let sealed = CipherText::from_hex(&digits).expect("whole blocks");
            match sealed.open(&key) {
                Ok(opened) => assert_eq!(opened.as_str(), plain),
                // One vector shows a block of padding only, and its text is cut off.
                Err(why) => assert!(serde_json::from_str::<Value>(plain).is_err(), "{why}: {plain}"),
            }
        }
    }
}

#[test]
fn what_is_refused_is_refused_with_the_code_it_names() {
    let region = Region::new("350000").expect("a region");
    for vector in list(&vectors(), "refused") {
        let body = request(text(&vector, "encData"));
        let code = match RequestEnvelope::parse(body.as_bytes(), region) {
            Err(EnvelopeError::Member(error)) => {
                assert_eq!(error.member, "encData");
                -2
            }
            Err(other) => panic!("{other}"),
            Ok(envelope) => match envelope.sealed.open(&key(&vector)) {
                Err(_) => -4,
                Ok(_) => 0,
            },
        };
        assert_eq!(code, vector["code"].as_i64().expect("a code"), "{}", text(&vector, "name"));
    }
}

/// `OpenSSL` is a second opinion on both algorithms and on the padding.
#[test]
fn openssl_agrees() {
    use std::io::Write;
    let digits = "00112233445566778899AABBCCDDEEFF";
    let key = Sm4Key::from_hex(digits).expect("a key");
    for length in [0, 1, 15, 16, 17, 200] {
        let plain: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).expect("a byte")).collect();
        let mut child = Command::new("openssl")
            .args(["enc", "-sm4-ecb", "-K", digits])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the openssl command is needed: install Debian's package openssl");
        child.stdin.take().expect("a pipe").write_all(&plain).expect("written");
        let out = child.wait_with_output().expect("an answer").stdout;
        assert_eq!(seal(&key, &plain), hex(&out), "{length} bytes");
    }
}

#[test]
fn macs_of_requests_and_answers() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../vectors/mac.json")).expect("the vectors are JSON");
    let key = Sm4Key::from_hex(text(&vectors, "key")).expect("a key");
    let (request, envelope) = (&vectors["request"], &vectors["request"]["envelope"]);
    let (path, mac) = (text(request, "path"), text(request, "mac"));
    let parts = RequestParts {
        path,
        org_id: text(envelope, "orgId"),
        version: text(envelope, "version"),
        reqt_type: text(envelope, "reqtType"),
        timestamp: text(envelope, "timestamp"),
        enc_data: text(envelope, "encData"),
    };
    assert_eq!(key.mac().request(&parts), mac);
    for answer in vectors["answers"].as_array().expect("answers") {
        let (code, message, enc_data) =
            (answer["code"].as_i64().expect("a code"), text(answer, "message"), answer["encData"].as_str());
        let parts = AnswerParts { request: mac, code, message, enc_data };
        assert_eq!(key.mac().answer(&parts), text(answer, "mac"), "{code}");
        // What we write is the same, and what we read is believed.
        let written = match enc_data.map(|digits| CipherText::from_hex(digits).expect("blocks")) {
            Some(sealed) => {
                proven_success(&key, mac, sealed.open(&key).expect("its key").as_str().as_bytes())
            }
            None => proven_refusal(&key, mac, Code::from_number(code).expect("a code"), message),
        };
        assert!(written.ends_with(&format!(",\"mac\":\"{}\"}}", text(answer, "mac"))), "{written}");
        assert!(Answer::parse(written.as_bytes()).expect("an answer").is_proven(&key, mac));
    }
    let body = format!("{},\"mac\":\"{mac}\"}}", envelope.to_string().trim_end_matches('}'));
    let region = Region::new("350000").expect("a region");
    let read = RequestEnvelope::parse(body.as_bytes(), region).expect("an envelope");
    assert!(read.is_proven(path, &key));
    let sender = Sender { key: &key, org_id: "testOrgId", prefix: "sys", region };
    let plain = read.sealed.open(&key).expect("its key");
    let written = sender.proven_request(path, UnixMillis::new(1_623_225_113_340), plain.as_str().as_bytes());
    assert_eq!(written.mac, mac);
    assert!(written.body.ends_with(&format!(",\"mac\":\"{mac}\"}}")));
}
