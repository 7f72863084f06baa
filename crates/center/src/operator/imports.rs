//! Bulk import: the tables that were brought, and bringing one.

pub(super) mod files;
pub(super) mod one;
mod upload;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Action;

use super::list::{self, ROWS};
use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::page::see_other;
use crate::registry::ImportRecord;
use crate::site::Site;

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

async fn listed(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::ViewImports);
    if areas.is_empty() {
        return Err(ConsoleRefusal::Nowhere);
    }
    let may_bring = page.may_anywhere(Action::ImportEntries);
    if page.method == Method::POST {
        if !may_bring {
            return Err(ConsoleRefusal::Nowhere);
        }
        let number = upload::check(page, body).await?;
        return Ok(see_other(&format!("/o/imports/{number}")));
    }
    let before = page.query.text("before").parse().unwrap_or(i64::MAX);
    let (console, own) = (&page.site.console, page.actor()?);
    let read = console.work(async |a| a.imports_before(&areas, own.as_str(), before, ROWS + 1).await);
    let mut rows = read.await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(|row| row.number.to_string());
    let lines: Vec<Markup> = rows.iter().map(line).collect();
    let heading = ["序号", "上传时间", "上传人", "内容", "文件", "范围", "状态", "新增", "更改", "有错"];
    let middle = html! {
        @if may_bring { (form(page)) }
        (list::table(&heading, &lines))
        (list::more(page, "before", last))
    };
    Ok(page.page("批量导入", &middle))
}

fn form(page: &OperatorRequest<'_>) -> Markup {
    html! {
        form.act.box method="post" action=(page.path) enctype="multipart/form-data" {
            label { "机构表或业务系统表 " span.soft { "XLSX 或 CSV，至多 8 MiB、60000 行" }
                input type="file" name="file" required accept=".xlsx,.csv"; }
            (page.proof_fields())
            button { "上传并核对" }
        }
        p.soft {
            "上传之后先核对：会告诉您哪些将新增、哪些将更改、哪些有错，这时还没有任何更改。是哪一种表，由列名认出。机构的模板："
            a href="/o/imports/template.xlsx" { "XLSX" } "、" a href="/o/imports/template.csv" { "CSV" }
            "；业务系统的模板（只有辖区是全省的人能导入）："
            a href="/o/imports/template-accounts.xlsx" { "XLSX" } "、"
            a href="/o/imports/template-accounts.csv" { "CSV" }
            "。单元格留空为不改；填 - 为清空，如机构的业务系统编码填 - 为全部解除。"
        }
    }
}

fn line(record: &ImportRecord) -> Markup {
    let counts = record.counts;
    html! {
        td { a href={ "/o/imports/" (record.number) } { (record.number) } }
        td.code { (record.made_at.shanghai_text()) }
        td { (record.made_by) }
        td { (record.subject.name()) }
        td { (record.file_name) }
        td { (record.region) }
        td { (record.state) }
        td { (counts.added) }
        td { (counts.changed) }
        td { (counts.faulty) }
    }
}
