//! What all pages have in common.

use maud::{DOCTYPE, Markup, html};

use crate::record::RunVerdict;

/// What all pages load: where it is, what kind it is, and itself.
const FILES: [(&str, &str, &str); 2] = [
    (STYLE, "text/css; charset=utf-8", include_str!("testcenter.css")),
    (ICON, "image/svg+xml; charset=utf-8", include_str!("icon.svg")),
];
const STYLE: &str = "/testcenter.css";
const ICON: &str = "/icon.svg";

/// What is at a path: its kind, and itself.
pub(crate) fn file(path: &str) -> Option<(&'static str, &'static str)> {
    FILES.iter().find(|(known, ..)| *known == path).map(|(_, kind, text)| (*kind, *text))
}

/// A page of the test center of this name.
pub(crate) fn frame(center: &str, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (center) }
                link rel="icon" href=(ICON);
                link rel="stylesheet" href=(STYLE);
            }
            body {
                header.top {
                    a.home href="/" { (center) }
                    span.over { "医保电子凭证线上密码核验认证" }
                }
                aside.banner {
                    strong { "联调环境" }
                    " 人员、机构、令牌与密钥都是虚构的。不得使用生产环境的密钥，不得填写真实的个人信息。"
                }
                main { (body) }
            }
        }
    }
}

/// What came of a run.
pub(crate) fn verdict(verdict: RunVerdict) -> Markup {
    let (class, word) = match verdict {
        RunVerdict::Passed => ("passed", "通过"),
        RunVerdict::Failed => ("failed", "不通过"),
        RunVerdict::Incomplete => ("open", "未完成"),
    };
    html! { span.(class) { (word) } }
}

/// A page that says one thing.
pub(crate) fn notice(center: &str, title: &str, sentence: &str) -> Markup {
    let body = html! {
        h1 { (title) }
        p { (sentence) }
        p { a href="/" { "回到首页" } }
    };
    frame(center, title, &body)
}
