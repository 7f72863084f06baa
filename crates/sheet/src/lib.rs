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

mod bounds;
mod cells;
mod container;
mod csv_file;
mod error;
mod place;
mod rich_text;
mod table;
mod workbook;
mod worksheet;
mod write;

pub use bounds::{MAX_CHARACTERS, MAX_COLUMNS, MAX_FILE, MAX_ROWS, MAX_UNPACKED};
pub use cells::{Cell, Encoding};
pub use error::SheetError;
pub use place::cell_name;
pub use table::{SheetColumn, Table, TableRow};
pub use write::{write_csv, write_xlsx};

/// Reads a file.
///
/// # Errors
/// [`SheetError`]: what it is that cannot be read, and where.
pub fn read(bytes: &[u8], columns: &[SheetColumn]) -> Result<Table, SheetError> {
    read_one_of(bytes, &[columns]).map(|(_, table)| table)
}

/// Reads a file that may be one of several tables: which one, by its first column, and what is in it. One that has the first
/// column of none is read as the first of them, and refused as such.
///
/// # Errors
/// [`SheetError`]: what it is that cannot be read, and where.
pub fn read_one_of(bytes: &[u8], tables: &[&[SheetColumn]]) -> Result<(usize, Table), SheetError> {
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
    let which = table::recognize(rows.first(), tables);
    let columns = tables.get(which).copied().unwrap_or_default();
    Ok((which, Table::arrange(encoding, rows, columns)?))
}

#[cfg(test)]
mod tests;
