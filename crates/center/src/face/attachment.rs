//! An answer that is a file.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, header};

use super::page::keep_private;
use crate::percent::encoded;

/// What a browser may do with a file that it shows in spite of being told to keep it: nothing.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// The answer with a file, to be kept under this name.
pub(crate) fn attachment(media: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    let value = HeaderValue::from_str(&disposition(name));
    let bare = || HeaderValue::from_static("attachment");
    headers.insert(header::CONTENT_DISPOSITION, value.unwrap_or_else(|_| bare()));
    keep_private(&mut response);
    response
}

/// The name as every browser reads it, and as RFC 6266 has it where it is not plain.
fn disposition(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if name.chars().all(is_plain) {
        return format!("attachment; filename=\"{name}\"");
    }
    let plain = |c| if is_plain(c) { c } else { '-' };
    let fallback: String = name.chars().map(plain).collect();
    format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{}", encoded(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_no_header_and_no_quote() {
        assert_eq!(disposition("offer.json"), "attachment; filename=\"offer.json\"");
        assert_eq!(
            disposition("执照 a\".pdf"),
            "attachment; filename=\"---a-.pdf\"; filename*=UTF-8''%E6%89%A7%E7%85%A7%20a%22.pdf"
        );
        let answer = attachment("application/pdf", "a\r\nset-cookie: x", Vec::new());
        assert_eq!(
            answer.headers().get(header::CONTENT_DISPOSITION).expect("one"),
            "attachment; filename=\"a--set-cookie--x\"; filename*=UTF-8''a%0D%0Aset-cookie%3A%20x"
        );
        assert_eq!(answer.headers().get(header::CONTENT_SECURITY_POLICY).expect("one"), &POLICY);
    }
}
