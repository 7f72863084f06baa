//! Tables to take away: the template, and the faulty rows of an import with what is wrong with them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, Request, header};
use yanmi_onboarding::Action;
use yanmi_sheet::{write_csv, write_xlsx};

use super::one::found;
use crate::face::page::keep_private;
use crate::operator::request::{self, ConsoleRefusal, OperatorRequest};
use crate::registry::{ImportLine, LineKind, TEMPLATE};
use crate::site::Site;

/// Rows that are read at a time.
const READ_AT_ONCE: usize = 2_000;

#[derive(Clone, Copy)]
enum FileKind {
    Csv,
    Xlsx,
}

pub(crate) async fn template_csv(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| template(page, FileKind::Csv).await).await
}

pub(crate) async fn template_xlsx(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| template(page, FileKind::Xlsx).await).await
}

pub(crate) async fn faults_csv(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| faults(page, FileKind::Csv).await).await
}

pub(crate) async fn faults_xlsx(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| faults(page, FileKind::Xlsx).await).await
}

async fn template(page: &OperatorRequest<'_>, kind: FileKind) -> Result<Response, ConsoleRefusal> {
    if !page.may_anywhere(Action::ViewImports) {
        return Err(ConsoleRefusal::Nowhere);
    }
    // Its last column is for what is given back.
    let mut head = heading();
    head.pop();
    file("yanmi-institutions", kind, vec![head]).await
}

async fn faults(page: &OperatorRequest<'_>, kind: FileKind) -> Result<Response, ConsoleRefusal> {
    let number = page.path.strip_prefix("/o/imports/").and_then(|rest| rest.split('/').next());
    let record = found(page, number.unwrap_or_default()).await?;
    let (mut rows, mut after) = (vec![heading()], 0);
    loop {
        let console = &page.site.console;
        let read = console
            .work(async |a| a.import_lines(record.number, LineKind::Faulty, after, READ_AT_ONCE).await);
        let lines = read.await?;
        let Some(last) = lines.last() else { break };
        after = last.line;
        rows.extend(lines.iter().map(row));
    }
    file(&format!("yanmi-import-{}-faults", record.number), kind, rows).await
}

/// The names of the columns; a star marks what a table has to have.
fn heading() -> Vec<String> {
    TEMPLATE
        .iter()
        .map(|column| format!("{}{}", column.name, if column.required { "*" } else { "" }))
        .collect()
}

/// The cells as they were, and what is wrong with them.
fn row(line: &ImportLine) -> Vec<String> {
    let Some(fault) = &line.fault else { return Vec::new() };
    let told = fault.faults.iter().map(|fault| format!("{}：{}", fault.column, fault.problem));
    let told: Vec<String> = told.collect();
    // A cell of a table has a bound, also of one that we give back.
    let told = told.join("；").chars().take(yanmi_sheet::MAX_CHARACTERS).collect();
    fault.cells.iter().cloned().chain([told]).collect()
}

async fn file(name: &str, kind: FileKind, rows: Vec<Vec<String>>) -> Result<Response, ConsoleRefusal> {
    let write = move || match kind {
        FileKind::Csv => Ok(write_csv(rows)),
        FileKind::Xlsx => write_xlsx(TEMPLATE.len(), rows),
    };
    let bytes =
        tokio::task::spawn_blocking(write).await.ok().and_then(Result::ok).ok_or(ConsoleRefusal::Busy)?;
    let (ending, media) = match kind {
        FileKind::Csv => ("csv", "text/csv; charset=utf-8"),
        FileKind::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    keep_private(&mut response);
    Ok(response)
}
