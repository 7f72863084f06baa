//! An answer that is a file.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, header};

use super::page::keep_private;

/// The answer with a file, to be kept under this name.
pub(crate) fn attachment(media: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    keep_private(&mut response);
    response
}
