//! CSV: its encoding, and its cells.

use std::borrow::Cow;

use encoding_rs::GB18030;

use crate::cells::{Cell, Encoding, Rows, SheetRow};
use crate::error::SheetError;
use crate::place::cell_name;

/// What a spreadsheet takes a cell for a formula by, and what it drops before it looks.
const ACTIVE: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// What keeps a spreadsheet from that.
pub(crate) const GUARD: char = '\'';

pub(crate) fn read(bytes: &[u8]) -> Result<(Encoding, Vec<SheetRow>), SheetError> {
    let (encoding, text) = decode(bytes)?;
    // However a line ends, the reader counts one character only.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Rows::default();
    let mut record = csv::StringRecord::new();
    // Lines that are within cells: a spreadsheet does not count them.
    let mut within = 0;
    // It is text, so nothing but the shape could be wrong, and any shape is taken.
    while reader.read_record(&mut record).map_err(|_| SheetError::OtherKind)? {
        let line = record.position().map_or(0, |place| line_of(&text, place)) - within;
        let number = u32::try_from(line).unwrap_or(u32::MAX);
        within += record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count() as u64;
        let mut cells = Vec::with_capacity(record.len());
        for (column, text) in record.iter().enumerate() {
            if text.trim_start().starts_with('=') {
                return Err(SheetError::Formula { cell: cell_name(number, column) });
            }
            cells.push(Cell::of_text(unguarded(text)));
        }
        rows.push(number, cells)?;
    }
    Ok((encoding, rows.into_rows()))
}

/// The line of a record. The reader says where the one before ended, and passes over empty lines.
fn line_of(text: &str, place: &csv::Position) -> u64 {
    let at = usize::try_from(place.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    place.line() + rest.iter().take_while(|byte| **byte == b'\n').count() as u64
}

/// Whether a spreadsheet might run it.
pub(crate) fn is_active(text: &str) -> bool {
    text.starts_with(ACTIVE) || text.trim_start().starts_with(ACTIVE)
}

/// Without the apostrophe that stands only before what a spreadsheet would run.
fn unguarded(text: &str) -> &str {
    text.strip_prefix(GUARD).filter(|rest| is_active(rest)).unwrap_or(text)
}

fn decode(bytes: &[u8]) -> Result<(Encoding, Cow<'_, str>), SheetError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // No text has them: UTF-16, pictures, programs.
    if bytes.contains(&0) || bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(SheetError::OtherKind);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((Encoding::Utf8, Cow::Borrowed(text))),
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = good.split(|byte| *byte == b'\n').count();
            match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
                Some(text) => Ok((Encoding::Gb18030, text)),
                None => Err(SheetError::Encoding { line }),
            }
        }
    }
}
