//! What every page of the console has in common: the frame, and the way to the other pages.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use yanmi_onboarding::Action;

use crate::face;

/// The pages, each with what somebody must be allowed to do who sees the way to it.
const PAGES: [(&str, &str, Action); 13] = [
    ("/o/institutions", "机构", Action::ViewRegistry),
    ("/o/accounts", "业务系统", Action::ViewRegistry),
    ("/o/channels", "渠道", Action::ViewRegistry),
    ("/o/applications", "接入申请", Action::ViewApplications),
    ("/o/imports", "批量导入", Action::ViewImports),
    ("/o/pending", "待复核", Action::ViewPending),
    ("/o/alarms", "告警", Action::ViewAlarms),
    ("/o/errors", "为什么失败", Action::ViewErrors),
    ("/o/trace", "追踪", Action::TraceNumber),
    ("/o/statistics", "统计", Action::ViewStatistics),
    ("/o/events", "操作记录", Action::ViewEvents),
    ("/o/operators", "操作员", Action::ViewOperators),
    ("/o/settings", "设置", Action::ViewSettings),
];

/// Those about what belongs to the whole province: who has a part of it is shown no way to them.
pub(super) const OF_PROVINCE: [&str; 3] = ["/o/accounts", "/o/channels", "/o/operators"];

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
    may: impl Fn(&str, Action) -> bool,
    title: &str,
    middle: &Markup,
) -> Markup {
    let seen = PAGES.into_iter().filter(|(path, _, action)| may(path, *action));
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
    face::frame::page("验密管理台", title, way, middle)
}

/// The answer with a page: kept nowhere, shown in no frame.
pub(super) fn answer(status: StatusCode, page: Markup) -> Response {
    face::frame::answer(status, page)
}
