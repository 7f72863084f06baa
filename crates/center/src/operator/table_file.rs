//! A table to take away, as a spreadsheet or a text.

use axum::response::Response;
use yanmi_sheet::{write_csv, write_xlsx};

use super::request::ConsoleRefusal;
use crate::face::attachment::attachment;

/// What kind of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FileKind {
    Csv,
    Xlsx,
}

impl FileKind {
    /// The kind of a file's ending.
    pub(super) fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

/// The answer with a table of so many columns, to be kept under this name.
pub(super) async fn answer(
    name: &str,
    kind: FileKind,
    columns: usize,
    rows: Vec<Vec<String>>,
) -> Result<Response, ConsoleRefusal> {
    let write = move || match kind {
        FileKind::Csv => Ok(write_csv(rows)),
        FileKind::Xlsx => write_xlsx(columns, rows),
    };
    let bytes =
        tokio::task::spawn_blocking(write).await.ok().and_then(Result::ok).ok_or(ConsoleRefusal::Busy)?;
    let (ending, media) = match kind {
        FileKind::Csv => ("csv", "text/csv; charset=utf-8"),
        FileKind::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    };
    Ok(attachment(media, &format!("{name}.{ending}"), bytes))
}
