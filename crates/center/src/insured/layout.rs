//! What every page for insured persons has in common: the frame, the style, the script, and the headers.
//!
//! A page is one answer. Style and script stand in it, and the Content-Security-Policy names their hashes and allows
//! nothing else: no request, no frame, no form to anywhere else than here. Text from others gets into it through the template, which
//! escapes it.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::face;
use crate::face::page::keep_private;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'; connect-src 'self'",
        hash(STYLE),
        hash(SCRIPT)
    );
    HeaderValue::from_str(&policy).ok()
});

/// A page with this title around what is in the middle of it.
pub(crate) fn page(title: &str, middle: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="format-detection" content="telephone=no";
                meta name="robots" content="noindex, nofollow";
                title { (title) " · 医保电子凭证" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { span.mark aria-hidden="true" {} "医保电子凭证" span.face { "密码核验认证" } }
                main { (middle) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The answer with a page: kept nowhere, shown in no frame, and telling nobody where the browser came from.
pub(crate) fn answer(status: StatusCode, page: Markup) -> Response {
    face::page::answer(status, page, POLICY.as_ref())
}

/// Where the page's script that sent a form goes by itself.
pub(crate) fn go_to(place: &str) -> Response {
    said(&serde_json::json!({ "to": place }))
}

/// Something for the page's script.
pub(crate) fn said(value: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    keep_private(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_what_stands_in_the_page() {
        let response = answer(StatusCode::OK, page("题", &html! { p { "<b>&" } }));
        let policy = response.headers()["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = page("题", &html! { p { "<b>&" } }).into_string();
        assert!(text.contains("&lt;b&gt;&amp;"), "{text}");
        assert!(text.contains(STYLE) && text.contains(SCRIPT), "they stand in it as they were hashed");
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</"), "nothing in them ends them");
    }
}
