//! What every page of the console has in common: the frame, the way to the other pages, the style, and the headers.

use std::sync::LazyLock;

use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use yanmi_onboarding::Action;

use crate::face;

const STYLE: &str = include_str!("operator.css");

static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        BASE64_STANDARD.encode(Sha256::digest(STYLE))
    );
    HeaderValue::from_str(&policy).ok()
});

/// The pages, each with what somebody must be allowed to do who sees the way to it.
const PAGES: [(&str, &str, Action); 10] = [
    ("/o/institutions", "机构", Action::ViewRegistry),
    ("/o/accounts", "业务系统", Action::ViewRegistry),
    ("/o/channels", "渠道", Action::ViewRegistry),
    ("/o/pending", "待复核", Action::ViewPending),
    ("/o/errors", "为什么失败", Action::ViewErrors),
    ("/o/trace", "追踪", Action::TraceNumber),
    ("/o/statistics", "统计", Action::ViewStatistics),
    ("/o/events", "操作记录", Action::ViewEvents),
    ("/o/operators", "操作员", Action::ViewOperators),
    ("/o/settings", "设置", Action::ViewSettings),
];

/// Who is logged in, as the frame shows him.
pub(super) struct Visitor<'a> {
    pub(super) name: &'a str,
    /// The page he is at.
    pub(super) path: &'a str,
    /// The field of the form that leaves.
    pub(super) leaving: Markup,
}

/// A page of somebody who is logged in, with the way to those he may see.
pub(super) fn page(
    visitor: &Visitor<'_>,
    may: impl Fn(Action) -> bool,
    title: &str,
    middle: &Markup,
) -> Markup {
    let seen = PAGES.into_iter().filter(|(_, _, action)| may(*action));
    frame(
        title,
        &html! {
            nav aria-label="管理台" {
                a href="/o/" aria-current=[(visitor.path == "/o/").then_some("page")] { "首页" }
                @for (path, name, _) in seen {
                    a href=(path) aria-current=[visitor.path.starts_with(path).then_some("page")] { (name) }
                }
                form.out method="post" action="/o/logout" {
                    (visitor.leaving)
                    span.who { (visitor.name) }
                    button.link { "退出" }
                }
            }
        },
        middle,
    )
}

/// A page of nobody in particular.
pub(super) fn bare(title: &str, middle: &Markup) -> Markup {
    frame(title, &html! {}, middle)
}

fn frame(title: &str, way: &Markup, middle: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title { (title) " · 验密管理台" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { span.brand { "验密管理台" } (way) }
                main { h1 { (title) } (middle) }
            }
        }
    }
}

/// The answer with a page: kept nowhere, shown in no frame.
pub(super) fn answer(status: StatusCode, page: Markup) -> Response {
    face::page::answer(status, page, POLICY.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stands_alone_and_escapes_what_others_wrote() {
        let text = bare("题", &html! { p { "<b>&" } }).into_string();
        assert!(text.contains("&lt;b&gt;&amp;") && text.contains(STYLE), "{text}");
        assert!(!STYLE.contains("</") && !STYLE.contains("url("), "nothing else is fetched");
        let policy =
            answer(StatusCode::OK, bare("题", &html! {})).headers()["content-security-policy"].clone();
        assert!(!policy.to_str().expect("text").contains("unsafe"));
    }
}
