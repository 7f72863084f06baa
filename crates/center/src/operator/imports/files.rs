//! Tables to take away: the template, and the faulty rows of an import with what is wrong with them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use yanmi_onboarding::{Action, ImportField, ImportSubject};

use super::one::{found, is_own};
use crate::operator::request::{self, ConsoleRefusal, OperatorRequest};
use crate::operator::table_file::{self, FileKind};
use crate::registry::{ImportLine, LineKind, template};
use crate::site::Site;

/// Rows that are read at a time.
const READ_AT_ONCE: usize = 2_000;

/// The addresses of the templates: of what, as which file, and under which name it is kept.
const TEMPLATES: [(&str, ImportSubject, FileKind, &str); 4] = [
    ("/o/imports/template.csv", ImportSubject::Institutions, FileKind::Csv, "yanmi-institutions"),
    ("/o/imports/template.xlsx", ImportSubject::Institutions, FileKind::Xlsx, "yanmi-institutions"),
    ("/o/imports/template-accounts.csv", ImportSubject::Accounts, FileKind::Csv, "yanmi-accounts"),
    ("/o/imports/template-accounts.xlsx", ImportSubject::Accounts, FileKind::Xlsx, "yanmi-accounts"),
];

pub(crate) async fn empty(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| empty_table(page).await).await
}

pub(crate) async fn faults_csv(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| faults(page, FileKind::Csv).await).await
}

pub(crate) async fn faults_xlsx(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| faults(page, FileKind::Xlsx).await).await
}

async fn empty_table(page: &OperatorRequest<'_>) -> Result<Response, ConsoleRefusal> {
    if !page.may_anywhere(Action::ViewImports) {
        return Err(ConsoleRefusal::Nowhere);
    }
    let found = TEMPLATES.into_iter().find(|(path, ..)| *path == page.path);
    let (_, subject, kind, name) = found.ok_or(ConsoleRefusal::Nowhere)?;
    // Its last column is for what is given back.
    let mut head = heading(subject);
    head.pop();
    table_file::answer(name, kind, template(subject).len(), vec![head]).await
}

async fn faults(page: &OperatorRequest<'_>, kind: FileKind) -> Result<Response, ConsoleRefusal> {
    let number = page.path.strip_prefix("/o/imports/").and_then(|rest| rest.split('/').next());
    let record = found(page, number.unwrap_or_default()).await?;
    // Whoever brought it has them; to who may not read whom to call, those cells are masked and cannot be mended.
    let in_full = is_own(page, &record) || page.may(Action::EditContact, record.region).is_ok();
    let (mut rows, mut after) = (vec![heading(record.subject)], 0);
    loop {
        let console = &page.site.console;
        let read = console
            .work(async |a| a.import_lines(record.number, LineKind::Faulty, after, READ_AT_ONCE).await);
        let lines = read.await?;
        let Some(last) = lines.last() else { break };
        after = last.line;
        rows.extend(lines.iter().map(|line| row(record.subject, line, in_full)));
    }
    let name = format!("yanmi-import-{}-faults", record.number);
    table_file::answer(&name, kind, template(record.subject).len(), rows).await
}

/// The names of the columns; a star marks what a table has to have.
fn heading(subject: ImportSubject) -> Vec<String> {
    template(subject)
        .iter()
        .map(|column| format!("{}{}", column.name, if column.required { "*" } else { "" }))
        .collect()
}

/// The cells as they were, and what is wrong with them.
fn row(subject: ImportSubject, line: &ImportLine, in_full: bool) -> Vec<String> {
    let Some(fault) = &line.fault else { return Vec::new() };
    let told = fault.faults.iter().map(|fault| format!("{}：{}", fault.column, fault.problem));
    let told: Vec<String> = told.collect();
    // A cell of a table has a bound, also of one that we give back.
    let told = told.join("；").chars().take(yanmi_sheet::MAX_CHARACTERS).collect();
    let cells = fault.cells.iter().map(String::as_str).chain(std::iter::repeat(""));
    let shown = subject.fields().iter().zip(cells).map(|(field, cell)| match field {
        ImportField::Contact(part) if !in_full && !cell.is_empty() => part.masked(cell),
        _ => cell.to_owned(),
    });
    shown.chain([told]).collect()
}
