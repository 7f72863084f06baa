//! The operator's pages: logging in, and all spaces.

use maud::{Markup, html};

use super::frame::{frame, verdict};
use crate::codes::{CodeRecord, MAX_FOR_WHOM};
use crate::record::{MAX_NAME, SpaceRecord};

/// Where one logs in.
pub(crate) fn login(center: &str, wrong: bool) -> Markup {
    let body = html! {
        h1 { "管理人员登录" }
        @if wrong { p.said.bad role="alert" { "登录口令不对" } }
        section { form.stack method="post" action="/login" {
            label { "登录口令（在数据文件夹的 operator.key 里）"
                input type="password" name="key" required autocomplete="current-password"; }
            div { button { "登录" } }
        } }
    };
    frame(center, "登录", &body)
}

/// A space as the operator sees it.
#[derive(Debug)]
pub(crate) struct SpaceRow {
    /// The way in, which the operator may tell somebody who lost it.
    pub(crate) url: String,
    /// What forms name it by.
    pub(crate) id: String,
    pub(crate) record: SpaceRecord,
    pub(crate) runs: bool,
}

/// What the page shows.
#[derive(Debug)]
pub(crate) struct OperatorPage<'a> {
    pub(crate) center: &'a str,
    pub(crate) rows: &'a [SpaceRow],
    pub(crate) codes: &'a [(String, CodeRecord)],
    pub(crate) room: usize,
    pub(crate) said: Option<(bool, &'a str)>,
}

impl OperatorPage<'_> {
    /// The page.
    pub(crate) fn markup(&self) -> Markup {
        let running = self.rows.iter().filter(|row| row.runs).count();
        let body = html! {
            h1 { "空间" }
            @if let Some((good, said)) = self.said { p.said.bad[!good] role="status" { (said) } }
            section {
                h2 { "空间码" }
                form method="post" action="/codes" {
                    label { "给谁" input name="for" required maxlength=(MAX_FOR_WHOM); }
                    button { "发一个空间码" }
                }
                @if !self.codes.is_empty() {
                    div.wide { table {
                        thead { tr { th { "空间码" } th { "给谁" } th { "有效至" } } }
                        tbody { @for (code, record) in self.codes {
                            tr { td.code { (code) } td { (record.for_whom) }
                                td { (yanmi_protocol::UnixMillis::new(record.until_ms).shanghai_text()) } }
                        } }
                    } }
                }
            }
            section {
                h2 { "代为新建" }
                form method="post" action="/spaces" {
                    label { "空间名称" input name="name" required maxlength=(MAX_NAME); }
                    label { "联系人与电话" input name="contact" required maxlength=(MAX_NAME); }
                    button.second { "新建" }
                }
            }
            section {
                h2 { "全部空间" }
                p.meta { (self.rows.len()) " 个，还可新建 " (self.room) " 个；正在运行 " (running) " 个。" }
                div.wide { table {
                    thead { tr { th { "空间" } th { "联系人" } th { "最近请求" } th { "请求数" } th { "验收" } th { "保留至" } th { "操作" } } }
                    tbody { @for row in self.rows { (space_row(row)) } }
                } }
            }
        };
        frame(self.center, "空间", &body)
    }
}

fn space_row(row: &SpaceRow) -> Markup {
    let record = &row.record;
    let last = record.runs.last();
    html! {
        tr {
            td { a href=(row.url) rel="noreferrer" { (record.name) } @if row.runs { br; span.passed { "运行中" } } }
            td { (record.contact) }
            td { @if let Some(at) = record.last_call_at { (at.shanghai_text()) } @else { "—" } }
            td { (record.calls) }
            td { @if let Some(run) = last {
                    (run.kind.name()) " "
                    (verdict(run.conclusion))
                    br; span.meta { (run.product) }
                } @else { "—" } }
            td { (record.ends_at.shanghai_text()) }
            td {
                form method="post" action="/prolong" {
                    input type="hidden" name="space" value=(row.id);
                    button.second { "再保留 30 天" }
                }
                form method="post" action="/close" {
                    input type="hidden" name="space" value=(row.id);
                    label { "输入空间名称以结束" input name="sure" maxlength=(MAX_NAME) autocomplete="off"; }
                    button.danger { "结束" }
                }
            }
        }
    }
}
