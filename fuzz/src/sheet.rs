//! Tables that people bring: a whole file, or what is in the sheet of one.
#![no_main]

use std::io::{Cursor, Write};

use yanmi_sheet::{Cell, MAX_CHARACTERS, MAX_COLUMNS, MAX_ROWS, SheetColumn, read};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const COLUMNS: [SheetColumn; 2] =
    [SheetColumn { name: "a", required: true }, SheetColumn { name: "b", required: false }];
const ROOT: &str = r#"<r><Relationship Id="1" Type="/officeDocument" Target="w.xml"/></r>"#;
const BOOK: &str = r#"<w><sheet name="s" id="1"/></w>"#;
const PARTS: &str = r#"<r><Relationship Id="1" Type="/worksheet" Target="s.xml"/><Relationship Id="2" Type="/sharedStrings" Target="t.xml"/></r>"#;

libfuzzer_sys::fuzz_target!(|input: (bool, &[u8], &[u8])| {
    let (whole, sheet, strings) = input;
    let file = if whole { Some(sheet.to_vec()) } else { packed(sheet, strings) };
    let Some(Ok(table)) = file.map(|file| read(&file, &COLUMNS)) else { return };
    assert!(table.rows.len() <= MAX_ROWS);
    for row in &table.rows {
        assert!(row.cells.len() == COLUMNS.len() && row.cells.len() <= MAX_COLUMNS);
        for cell in &row.cells {
            assert!(cell.as_str().chars().count() <= MAX_CHARACTERS);
            assert!(*cell == Cell::Empty || !cell.as_str().trim().is_empty());
        }
    }
});

/// A workbook with this sheet and these texts.
fn packed(sheet: &[u8], strings: &[u8]) -> Option<Vec<u8>> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [
        ("_rels/.rels", ROOT.as_bytes()),
        ("w.xml", BOOK.as_bytes()),
        ("_rels/w.xml.rels", PARTS.as_bytes()),
        ("s.xml", sheet),
        ("t.xml", strings),
    ];
    for (name, bytes) in parts {
        out.start_file(name, SimpleFileOptions::default()).ok()?;
        out.write_all(bytes).ok()?;
    }
    Some(out.finish().ok()?.into_inner())
}
