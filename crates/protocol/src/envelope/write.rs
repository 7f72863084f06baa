//! Writing envelopes: the bodies of requests and answers, with a mac or without.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{Answer, VERSION, blocks};
use crate::code::Code;
use crate::hex;
use crate::identifier::Region;
use crate::key::{BLOCK, Sm4Key};
use crate::mac::{self, AnswerParts, RequestParts};
use crate::time::UnixMillis;

/// Pads, enciphers and writes a message in upper-case hexadecimal: the value of `encData`.
pub fn seal(key: &Sm4Key, message: &[u8]) -> String {
    let mut out = String::with_capacity(sealed_digits(message.len()));
    seal_onto(key, message, &mut out);
    out
}

fn sealed_digits(length: usize) -> usize {
    2 * (length / BLOCK + 1) * BLOCK
}

fn seal_onto(key: &Sm4Key, message: &[u8], out: &mut String) {
    let padding = BLOCK - message.len() % BLOCK;
    let mut bytes = Zeroizing::new(Vec::with_capacity(message.len() + padding));
    bytes.extend_from_slice(message);
    bytes.resize(message.len() + padding, u8::try_from(padding).unwrap_or(0));
    for block in blocks(&mut bytes) {
        key.encrypt_block(block);
    }
    hex::push(&bytes, out);
}

/// Who seals requests: the members that are the same in all of them.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The account's key.
    pub key: &'a Sm4Key,
    /// `orgId`.
    pub org_id: &'a str,
    /// The part of `reqtType` before the `&`.
    pub prefix: &'a str,
    /// The part behind it.
    pub region: Region,
}

/// A request with its mac.
#[derive(Clone, Debug)]
pub struct ProvenRequest {
    /// The body.
    pub body: String,
    /// Its mac, which its answer has to be about.
    pub mac: String,
}

impl Sender<'_> {
    /// The body of a request around a message (1.3.1.2, item 5).
    pub fn request(&self, timestamp: UnixMillis, message: &[u8]) -> String {
        self.write(timestamp, message).0
    }

    /// The same with a mac (E13), to be posted to `path`.
    pub fn proven_request(&self, path: &str, timestamp: UnixMillis, message: &[u8]) -> ProvenRequest {
        let (mut body, enc_data) = self.write(timestamp, message);
        let parts = RequestParts {
            path,
            org_id: self.org_id,
            version: VERSION,
            reqt_type: &self.reqt_type(),
            timestamp: &timestamp.to_string(),
            enc_data: &body[enc_data],
        };
        let mac = self.key.mac().request(&parts);
        push_mac(&mac, &mut body);
        ProvenRequest { body, mac }
    }

    /// The body of a request to `path`, and its mac where it is to have one.
    pub fn request_to(
        &self,
        path: &str,
        timestamp: UnixMillis,
        message: &[u8],
        proven: bool,
    ) -> (String, Option<String>) {
        if !proven {
            return (self.request(timestamp, message), None);
        }
        let ProvenRequest { body, mac } = self.proven_request(path, timestamp, message);
        (body, Some(mac))
    }

    fn reqt_type(&self) -> String {
        format!("{}&{}", self.prefix, self.region.as_str())
    }

    /// The body, and where in it `encData` is.
    fn write(&self, timestamp: UnixMillis, message: &[u8]) -> (String, Range<usize>) {
        let mut out = String::with_capacity(sealed_digits(message.len()) + 192 + mac::MAC_DIGITS);
        out.push_str("{\"reqtType\":");
        push_json_text(&self.reqt_type(), &mut out);
        out.push_str(",\"encData\":\"");
        let begin = out.len();
        seal_onto(self.key, message, &mut out);
        let enc_data = begin..out.len();
        out.push_str("\",\"version\":\"1.0.0\",\"orgId\":");
        push_json_text(self.org_id, &mut out);
        out.push_str(",\"timestamp\":\"");
        out.push_str(&timestamp.to_string());
        out.push_str("\"}");
        (out, enc_data)
    }
}

/// Puts a mac into an object as its last member.
fn push_mac(mac: &str, body: &mut String) {
    body.pop();
    body.push_str(",\"mac\":\"");
    body.push_str(mac);
    body.push_str("\"}");
}

/// The body of a request around a message, without a mac: [`Sender::request`] in one call.
pub fn request(
    key: &Sm4Key,
    org_id: &str,
    prefix: &str,
    region: Region,
    timestamp: UnixMillis,
    message: &[u8],
) -> String {
    Sender { key, org_id, prefix, region }.request(timestamp, message)
}

/// What stands before the sealed message of an answer, and behind it.
const SUCCESS: (&str, &str) =
    ("{\"code\":0,\"type\":\"success\",\"message\":\"成功\",\"data\":{\"encData\":\"", "\"}}");

/// The body of a successful answer around a message, byte for byte as the specification prints it (E10).
pub fn success(key: &Sm4Key, message: &[u8]) -> String {
    let (head, tail) = SUCCESS;
    let digits = sealed_digits(message.len());
    let mut out = String::with_capacity(head.len() + digits + tail.len() + mac::MAC_DIGITS + 16);
    out.push_str(head);
    seal_onto(key, message, &mut out);
    out.push_str(tail);
    out
}

/// The same with a mac, for a request that had this one (E13).
pub fn proven_success(key: &Sm4Key, request_mac: &str, message: &[u8]) -> String {
    let mut out = success(key, message);
    let (head, tail) = SUCCESS;
    let enc_data = Some(&out[head.len()..out.len() - tail.len()]);
    let message = Code::Success.message();
    let mac = key.mac().answer(&AnswerParts { request: request_mac, code: 0, message, enc_data });
    push_mac(&mac, &mut out);
    out
}

/// The body of a successful answer, with a mac where the request had one.
pub fn success_for(key: &Sm4Key, request_mac: Option<&str>, message: &[u8]) -> String {
    match request_mac {
        Some(mac) => proven_success(key, mac, message),
        None => success(key, message),
    }
}

/// Any answer's body with the mac it has to have for a request that had this one; nothing when it is no answer.
pub fn prove(key: &Sm4Key, request_mac: &str, body: &str) -> Option<String> {
    let answer = Answer::parse(body.as_bytes()).ok()?;
    let (code, message, enc_data) = (answer.code, answer.message.as_str(), answer.enc_data.as_deref());
    let mac = key.mac().answer(&AnswerParts { request: request_mac, code, message, enc_data });
    let mut out = body.trim_end().to_owned();
    push_mac(&mac, &mut out);
    Some(out)
}

/// The body of a refusal (E10).
pub fn refusal(code: Code, message: &str) -> String {
    let mut out = format!("{{\"code\":{},\"type\":\"error\",\"message\":", code.number());
    push_json_text(message, &mut out);
    out.push_str(",\"success\":false,\"data\":{}}");
    out
}

/// The same with a mac, for a request that had this one (E13).
pub fn proven_refusal(key: &Sm4Key, request_mac: &str, code: Code, message: &str) -> String {
    let mut out = refusal(code, message);
    let parts = AnswerParts { request: request_mac, code: code.number().into(), message, enc_data: None };
    push_mac(&key.mac().answer(&parts), &mut out);
    out
}

/// The body of a refusal, with a mac where the request had one.
pub fn refusal_for(key: &Sm4Key, request_mac: Option<&str>, code: Code, message: &str) -> String {
    match request_mac {
        Some(mac) => proven_refusal(key, mac, code, message),
        None => refusal(code, message),
    }
}

fn push_json_text(text: &str, out: &mut String) {
    // Writing text into memory cannot fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}
