//! Forms of the front's pages.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use yanmi_http::{Bodies, BodyError, NOBODY, Peer, read_body};

/// Largest body the front reads, in bytes: as much as any party here takes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// How long one may take.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Reads a body whole.
///
/// # Errors
/// The status and the sentence to answer with.
pub(crate) async fn body(
    bodies: &Bodies,
    source: IpAddr,
    body: Body,
) -> Result<Bytes, (StatusCode, &'static str)> {
    let mut room = bodies.room(source);
    read_body(body, MAX_BODY, BODY_TIME, &mut room).await.map_err(|error| match error {
        BodyError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "请求体超过 64 KiB"),
        BodyError::NoRoom => (StatusCode::SERVICE_UNAVAILABLE, "正在接收的请求体过多，请稍后再试"),
        BodyError::TimedOut(_) | BodyError::Broken => (StatusCode::BAD_REQUEST, "请求体没有收完"),
    })
}

/// Whether a request can come from a page whose origin is ours, or from a program. Another page cannot know a space's address;
/// that it cannot use one it was told of is this.
pub(crate) fn is_own(headers: &HeaderMap, is_ours: impl Fn(&str) -> bool) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    // `null` is what browsers say for a page that tells nobody where it comes from, as ours do not.
    let own = text("origin").is_none_or(|given| is_ours(given) || given == "null");
    own && text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// The fields of a form.
#[derive(Debug)]
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`; of a field that comes twice the last counts.
    pub(crate) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field without blanks around it; empty when it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    /// A field for people: a line of at most so many characters, none of which is a control character.
    ///
    /// # Errors
    /// The sentence that names the field.
    pub(crate) fn line(&self, name: &str, title: &str, most: usize) -> Result<&str, String> {
        let text = self.text(name);
        match text.chars().count() {
            0 => Err(format!("请填写{title}")),
            long if long > most => Err(format!("{title}至多 {most} 个字")),
            _ if text.chars().any(char::is_control) => Err(format!("{title}里有看不见的字符")),
            _ => Ok(text),
        }
    }
}

/// By what address a request's sender is counted.
pub(crate) fn source_of(request: &Request) -> IpAddr {
    request.extensions().get::<Peer>().map_or(NOBODY, Peer::source)
}
