//! The frame of pages for those who work with the center, not for insured persons: one answer each, with its style in it, no script,
//! nothing fetched.

use std::sync::LazyLock;

use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("frame.css");

static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        BASE64_STANDARD.encode(Sha256::digest(STYLE))
    );
    HeaderValue::from_str(&policy).ok()
});

/// A page of this face, with what stands in its head behind the name of the face.
pub(crate) fn page(brand: &str, title: &str, way: &Markup, middle: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title { (title) " · " (brand) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { span.brand { (brand) } (way) }
                main { h1 { (title) } (middle) }
            }
        }
    }
}

/// The answer with a page: kept nowhere, shown in no frame.
pub(crate) fn answer(status: StatusCode, page: Markup) -> Response {
    super::page::answer(status, page, POLICY.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stands_alone_and_escapes_what_others_wrote() {
        let text = page("名", "题", &html! {}, &html! { p { "<b>&" } }).into_string();
        assert!(text.contains("&lt;b&gt;&amp;") && text.contains(STYLE), "{text}");
        assert!(!STYLE.contains("</") && !STYLE.contains("url("), "nothing else is fetched");
        let policy = answer(StatusCode::OK, html! {}).headers()["content-security-policy"].clone();
        assert!(!policy.to_str().expect("text").contains("unsafe"));
    }
}
