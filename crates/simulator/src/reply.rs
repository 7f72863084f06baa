//! What a handler answers, or that it does not.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use http_body_util::Full;

/// What a handler answers.
pub(crate) type Reply = Response<Full<Bytes>>;

/// "Do not answer: reset the connection."
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("connection cut on purpose")]
pub(crate) struct Cut;

/// A JSON answer.
pub(crate) fn json(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(text.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    reply
}

/// A JSON answer that says what is wrong, for people.
pub(crate) fn error(status: StatusCode, sentence: &str) -> Reply {
    json(status, serde_json::json!({ "error": sentence }).to_string())
}
