//! Answers of the front's own.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    self, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use maud::Markup;

/// Nothing from anywhere else, and no script at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";

/// A page.
pub(crate) fn page(status: StatusCode, markup: Markup) -> Response {
    text(status, HTML, markup.into_string())
}

/// A text of some kind, which nobody keeps.
pub(crate) fn text(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A space's address is all it takes to be in it.
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    for (name, value) in headers {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// A file to keep, under a name of letters, digits, dots and strokes.
pub(crate) fn file(name: &str, kind: &'static str, body: String) -> Response {
    let mut reply = text(StatusCode::OK, kind, body);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        reply.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    reply
}

/// A report: a page of its own, which brings its style with it.
pub(crate) fn report(body: String) -> Response {
    let mut reply = text(StatusCode::OK, HTML, body);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
    reply.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    reply
}

/// Go and look there.
pub(crate) fn see(place: &str) -> Response {
    let mut reply = text(StatusCode::SEE_OTHER, HTML, String::new());
    if let Ok(value) = HeaderValue::from_str(place) {
        reply.headers_mut().insert(header::LOCATION, value);
    }
    reply
}

/// A sentence for a program.
pub(crate) fn refusal(status: StatusCode, sentence: &str) -> Response {
    text(status, "application/json", serde_json::json!({ "error": sentence }).to_string())
}
