//! What a table is made of.

use crate::bounds::{MAX_CHARACTERS, MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED};
use crate::error::SheetError;
use crate::place::cell_name;

/// What a file was read as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// CSV in UTF-8, with or without a byte order mark.
    Utf8,
    /// CSV in GB18030, which includes GBK and GB 2312.
    Gb18030,
    /// XLSX.
    Xlsx,
}

impl Encoding {
    /// What an operator reads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "CSV（UTF-8）",
            Self::Gb18030 => "CSV（GB18030）",
            Self::Xlsx => "XLSX",
        }
    }
}

/// A cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Nothing, or blanks only.
    Empty,
    /// A text, without blanks around it.
    Text(String),
    /// What a spreadsheet holds as a number; its digits, where it is a whole one without an exponent.
    Number(String),
}

impl Cell {
    /// What is written in it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Text(text) | Self::Number(text) => text,
        }
    }

    pub(crate) fn of_text(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

/// A row that has at least one cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SheetRow {
    /// Its number in the file, from 1.
    pub(crate) number: u32,
    /// Its cells from the first column on.
    pub(crate) cells: Vec<Cell>,
}

/// Keeps the rows that say something, within the bounds.
#[derive(Default)]
pub(crate) struct Rows {
    rows: Vec<SheetRow>,
    /// Bytes of all cells. In a workbook a long text stands once, and a few letters are a cell that has it.
    bytes: u64,
}

impl Rows {
    pub(crate) fn push(&mut self, number: u32, mut cells: Vec<Cell>) -> Result<(), SheetError> {
        while cells.last() == Some(&Cell::Empty) {
            cells.pop();
        }
        if cells.is_empty() {
            return Ok(());
        }
        // The heading is one more.
        if self.rows.len() > MAX_ROWS {
            return Err(SheetError::ManyRows);
        }
        if cells.len() > MAX_COLUMNS {
            return Err(SheetError::ManyColumns { cell: cell_name(number, MAX_COLUMNS) });
        }
        let long = cells.iter().position(|cell| cell.as_str().chars().nth(MAX_CHARACTERS).is_some());
        if let Some(column) = long {
            return Err(SheetError::LongCell { cell: cell_name(number, column) });
        }
        self.bytes += cells.iter().map(|cell| cell.as_str().len() as u64).sum::<u64>();
        if self.bytes > MAX_UNPACKED {
            return Err(SheetError::Bomb);
        }
        self.rows.push(SheetRow { number, cells });
        Ok(())
    }

    /// What was kept.
    pub(crate) fn into_rows(self) -> Vec<SheetRow> {
        self.rows
    }
}
