//! What every page of the console has in its head: the way to the other pages.

use maud::{Markup, html};
use yanmi_onboarding::Action;

use super::request::OperatorRequest;

/// The pages, each with what somebody must be allowed to do who sees the way to it.
const PAGES: [(&str, &str, Action); 14] = [
    ("/o/institutions", "机构", Action::ViewRegistry),
    ("/o/accounts", "业务系统", Action::ViewRegistry),
    ("/o/channels", "渠道", Action::ViewRegistry),
    ("/o/applications", "接入申请", Action::ViewApplications),
    ("/o/applicants", "申请方", Action::ViewApplicants),
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
const OF_PROVINCE: [&str; 3] = ["/o/accounts", "/o/channels", "/o/operators"];

/// The way to those that somebody may see who is logged in.
pub(super) fn way(request: &OperatorRequest<'_>) -> Markup {
    let may = |(path, _, action): &(&str, &str, Action)| {
        let everywhere = OF_PROVINCE.contains(path);
        request.may_anywhere(*action) && (!everywhere || request.may_in_province(*action).is_ok())
    };
    let seen = PAGES.into_iter().filter(may);
    let at = &request.path;
    html! {
        nav aria-label="管理台" {
            a href="/o/" aria-current=[(at == "/o/").then_some("page")] { "首页" }
            @for (path, name, _) in seen {
                a href=(path) aria-current=[at.starts_with(path).then_some("page")] { (name) }
            }
            (request.leaving(request.name()))
        }
    }
}
