//! The cells of a row, and what was found wrong with them.

use yanmi_protocol::display;

use super::field::active_word;
use super::{ImportCell, ImportField, ImportSubject, Problem, RowFault};
use crate::contact::ContactField;

/// What a cell that empties something holds.
pub(super) const EMPTY: &str = "-";

/// The cells of a row, in the order of the subject's fields, and the faults that were found.
pub(super) struct RowCells<'a> {
    subject: ImportSubject,
    cells: &'a [ImportCell<'a>],
    pub(super) faults: Vec<RowFault>,
}

impl<'a> RowCells<'a> {
    pub(super) const fn new(subject: ImportSubject, cells: &'a [ImportCell<'a>]) -> Self {
        Self { subject, cells, faults: Vec::new() }
    }

    pub(super) fn cell(&self, field: ImportField) -> ImportCell<'a> {
        let at = self.subject.fields().iter().position(|other| *other == field);
        at.and_then(|at| self.cells.get(at).copied()).unwrap_or(ImportCell::Empty)
    }

    pub(super) fn add(&mut self, field: ImportField, problem: Problem) {
        let value = self.cell(field).as_str().to_owned();
        self.faults.push(RowFault { field, value, problem });
    }

    /// A cell that has to be a text where it is anything.
    pub(super) fn text(&mut self, field: ImportField) -> Option<&'a str> {
        match self.cell(field) {
            ImportCell::Empty => None,
            ImportCell::Text(text) => Some(text),
            ImportCell::Number(_) => {
                self.add(field, Problem::NotText);
                None
            }
        }
    }

    /// The code a row is about, by how it is read; `problem` is for what is none.
    pub(super) fn code<T>(
        &mut self,
        field: ImportField,
        problem: Problem,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let problem = match self.cell(field) {
            ImportCell::Text(text) => match read(text) {
                Some(code) => return Some(code),
                None => problem,
            },
            ImportCell::Number(_) => Problem::NotText,
            ImportCell::Empty => problem,
        };
        self.add(field, problem);
        None
    }

    /// A name that people are shown.
    pub(super) fn name(&mut self, field: ImportField) -> Option<String> {
        let name = self.text(field)?;
        let problem = match display::check(name) {
            _ if name == EMPTY => Problem::Kept,
            Ok(()) => return Some(name.to_owned()),
            Err(trick) => Problem::Name(trick),
        };
        self.add(field, problem);
        None
    }

    /// A text of a contact; empty for a dash.
    pub(super) fn contact(&mut self, field: ContactField) -> Option<&'a str> {
        let column = ImportField::Contact(field);
        let text = self.text(column)?;
        let text = if text == EMPTY { "" } else { text };
        match field.check(text) {
            Ok(()) => Some(text),
            Err(why) => {
                self.add(column, Problem::Contact(why));
                None
            }
        }
    }

    /// 启用 or 停用.
    pub(super) fn active(&mut self) -> Option<bool> {
        let text = self.cell(ImportField::Active).as_str();
        let found = [true, false].into_iter().find(|active| active_word(*active) == text);
        if found.is_none() && !text.is_empty() {
            let problem = if text == EMPTY { Problem::Kept } else { Problem::Active };
            self.add(ImportField::Active, problem);
        }
        found
    }
}
