//! The page's files, as they were checked in, and QR codes as pictures. Nothing comes from anywhere else.

use std::fmt::Write;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Response};
use http_body_util::Full;
use qrcodegen::{QrCode as Picture, QrCodeEcc};
use yanmi_protocol::QrCode;

use crate::reply::Reply;

const FILES: [(&str, &str, &str); 6] = [
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/watch/page.css", "text/css; charset=utf-8", include_str!("page/page.css")),
    ("/watch/main.js", SCRIPT, include_str!("page/main.js")),
    ("/watch/stage.js", SCRIPT, include_str!("page/stage.js")),
    ("/watch/flow.js", SCRIPT, include_str!("page/flow.js")),
    ("/watch/icon.svg", PICTURE, include_str!("page/icon.svg")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml; charset=utf-8";
/// Everything from here, nothing within the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What stands before a QR code in its picture's path.
const PICTURES: &str = "/watch/qr/";
/// Light modules around a code, as its standard wants them.
const QUIET: i32 = 4;

/// The file at a path.
pub(crate) fn file(path: &str) -> Option<Reply> {
    if let Some(code) = path.strip_prefix(PICTURES).and_then(|rest| rest.strip_suffix(".svg")) {
        return picture(code).map(|svg| reply(PICTURE, svg));
    }
    let (_, kind, text) = FILES.iter().find(|(known, ..)| *known == path)?;
    Some(reply(kind, *text))
}

/// JSON for the page.
pub(crate) fn json(text: String) -> Reply {
    reply("application/json", text)
}

fn reply(kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// A QR code as a picture: one path, one unit a module.
fn picture(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let picture = Picture::encode_text(code.as_str(), QrCodeEcc::Medium).ok()?;
    let size = picture.size();
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| picture.get_module(*x, y)) {
            // Writing text into memory cannot fail.
            let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let whole = size + 2 * QUIET;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{whole}\" height=\"{whole}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#111\"/></svg>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_page_comes_from_elsewhere_or_stands_in_it() {
        for (path, _, text) in FILES {
            let foreign = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!foreign.contains("https://") && !foreign.contains("//cdn"), "{path}");
            for forbidden in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                " style=\"",
                " onclick",
            ] {
                assert!(!text.contains(forbidden), "{path}: {forbidden}");
            }
        }
    }

    #[test]
    fn codes_are_pictures_and_other_texts_are_not() {
        let svg = picture("4243754826492874240001130000").expect("a code");
        // 28 digits fit into version 1: 21 modules, with the quiet zone 29. The finder pattern stands in the corner.
        assert!(svg.contains("viewBox=\"0 0 29 29\"") && svg.contains("M4,4h1v1h-1z"));
        assert!(file("/watch/qr/4243754826492874240001130000.svg").is_some());
        for path in ["/watch/qr/<script>.svg", "/watch/qr/.svg", "/watch/nothing.js"] {
            assert!(file(path).is_none(), "{path}");
        }
    }
}
