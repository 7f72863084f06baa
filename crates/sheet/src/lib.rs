//! Tables that operators bring and take away: a file of CSV or XLSX becomes rows of cells, and rows become a file.
//!
//! # The persons of the play
//!
//! An **operator** has a table from somebody else: a hospital, an old system, a colleague's spreadsheet. Whoever made the file
//! may have wanted harm: a few kilobytes that unpack to gigabytes, a number of strings that is announced and never comes, a
//! formula that runs on the machine of whoever opens what we give back. Or he made an honest mistake: columns in another
//! order, an old encoding, a merged heading, digits that a spreadsheet has made a number.
//!
//! # What is guaranteed
//!
//! * **Bounded before it is unpacked.** [`MAX_FILE`], [`MAX_UNPACKED`] (by what the container says, then by what really comes),
//!   [`MAX_ROWS`], [`MAX_COLUMNS`], [`MAX_CHARACTERS`] of a cell. No memory is taken because a number in the file says so.
//! * **Whole or not at all.** What cannot be a table of plain cells is refused with the reason and, where there is one, the
//!   cell ([`SheetError`]): formulas, merged cells, a second sheet with data, columns that are unknown, missing or double.
//! * **Nothing is guessed.** CSV is UTF-8, or else GB18030 without a single wrong byte; which it was is told ([`Encoding`]). A cell
//!   that a spreadsheet holds as a number stays one ([`Cell::Number`]), so that who reads it can say that it should be text.
//! * **What is written runs nowhere.** Cells of XLSX are texts, and a CSV cell that a spreadsheet would take for a formula
//!   has an apostrophe in front, which is taken away again when the file comes back.
//!
//! Everything is read by a parser of our own over `zip` and `quick-xml`, in one pass and in the order of the file (decision 43).

mod container;
mod csv_file;
mod error;
mod place;
mod table;
mod workbook;
mod worksheet;
mod write;

pub use error::SheetError;
pub use place::cell_name;
pub use table::{SheetColumn, Table, TableRow};
pub use write::{write_csv, write_xlsx};

/// Bytes of a file: 60,000 rows of five columns are 5 MiB of CSV.
pub const MAX_FILE: usize = 8 * 1024 * 1024;
/// Bytes of all that is in an XLSX file: its XML is some ten times larger than what is said in it.
pub const MAX_UNPACKED: u64 = 64 * 1024 * 1024;
/// Rows below the heading: more than a province has institutions.
pub const MAX_ROWS: usize = 60_000;
/// Columns.
pub const MAX_COLUMNS: usize = 20;
/// Characters of a cell.
pub const MAX_CHARACTERS: usize = 200;

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

    fn of_text(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

/// A row that has at least one cell.
#[derive(Clone, PartialEq, Eq, Debug)]
struct SheetRow {
    /// Its number in the file, from 1.
    number: u32,
    /// Its cells from the first column on.
    cells: Vec<Cell>,
}

/// Reads a file.
///
/// # Errors
/// [`SheetError`]: what it is that cannot be read, and where.
pub fn read(bytes: &[u8], columns: &[SheetColumn]) -> Result<Table, SheetError> {
    if bytes.len() > MAX_FILE {
        return Err(SheetError::TooLarge);
    }
    let (encoding, rows) = if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(SheetError::OldOrLocked);
    } else if bytes.starts_with(b"PK") {
        (Encoding::Xlsx, workbook::read(bytes)?)
    } else {
        csv_file::read(bytes)?
    };
    Table::arrange(encoding, rows, columns)
}

/// Keeps the rows that say something, within the bounds.
#[derive(Default)]
struct Rows(Vec<SheetRow>);

impl Rows {
    fn push(&mut self, number: u32, mut cells: Vec<Cell>) -> Result<(), SheetError> {
        while cells.last() == Some(&Cell::Empty) {
            cells.pop();
        }
        if cells.is_empty() {
            return Ok(());
        }
        // The heading is one more.
        if self.0.len() > MAX_ROWS {
            return Err(SheetError::ManyRows);
        }
        if cells.len() > MAX_COLUMNS {
            return Err(SheetError::ManyColumns { cell: cell_name(number, MAX_COLUMNS) });
        }
        let long = cells.iter().position(|cell| cell.as_str().chars().nth(MAX_CHARACTERS).is_some());
        if let Some(column) = long {
            return Err(SheetError::LongCell { cell: cell_name(number, column) });
        }
        self.0.push(SheetRow { number, cells });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
