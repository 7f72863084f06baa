//! Tables to take away: the template, and the faulty rows of an import with what is wrong with them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_onboarding::Action;

use super::one::found;
use crate::operator::request::{self, ConsoleRefusal, OperatorRequest};
use crate::operator::table_file::{self, FileKind};
use crate::registry::{ImportLine, LineKind, TEMPLATE};
use crate::site::Site;

/// Rows that are read at a time.
const READ_AT_ONCE: usize = 2_000;

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
    table_file::answer("yanmi-institutions", kind, TEMPLATE.len(), vec![head]).await
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
    let name = format!("yanmi-import-{}-faults", record.number);
    table_file::answer(&name, kind, TEMPLATE.len(), rows).await
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
