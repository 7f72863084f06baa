//! Writing: texts, and nothing that a spreadsheet would run.

use std::fmt::Write as _;
use std::io::{self, Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::csv_file::{GUARD, is_active};
use crate::place::cell_name;

/// What stands for a character that XML, or a text file, cannot say.
const UNSAYABLE: &str = "\u{FFFD}";
/// How wide a column is, in characters.
const WIDTH: u32 = 24;

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;
const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_PARTS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// The second look is "text" (number format 49): what is typed into such a cell stays as it was typed.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>"#;

/// CSV in UTF-8 with a byte order mark, by which spreadsheets know it.
pub fn write_csv<R, C>(rows: impl IntoIterator<Item = R>) -> Vec<u8>
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut out = Vec::from(b"\xEF\xBB\xBF");
    for row in rows {
        for (at, cell) in row.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let text = cell.as_ref();
            // Always in quotes: then nothing in it can end the cell or the line.
            out.push(b'"');
            if is_active(text) {
                out.push(GUARD as u8);
            }
            // No text file has a NUL, and what has one is not read as CSV.
            out.extend_from_slice(text.replace('"', "\"\"").replace('\0', UNSAYABLE).as_bytes());
            out.push(b'"');
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A workbook of one sheet, all of whose cells are texts, and so are the empty ones of its columns.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn write_xlsx<R, C>(columns: usize, rows: impl IntoIterator<Item = R>) -> io::Result<Vec<u8>>
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", BOOK_PARTS),
        ("xl/styles.xml", STYLES),
    ];
    for (name, text) in parts {
        out.start_file(name, SimpleFileOptions::default())?;
        out.write_all(text.as_bytes())?;
    }
    out.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default())?;
    let mut text = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="{}" width="{WIDTH}" style="1" customWidth="1"/></cols><sheetData>"#,
        columns.max(1)
    );
    for (number, row) in (1_u32..).zip(rows) {
        // Into a text, which takes anything.
        let _ = write!(text, r#"<row r="{number}">"#);
        for (column, cell) in row.into_iter().enumerate() {
            let name = cell_name(number, column);
            let _ = write!(text, r#"<c r="{name}" s="1" t="inlineStr"><is><t xml:space="preserve">"#);
            cell.as_ref().chars().for_each(|c| escape(c, &mut text));
            text.push_str("</t></is></c>");
        }
        text.push_str("</row>");
        out.write_all(text.as_bytes())?;
        text.clear();
    }
    text.push_str("</sheetData></worksheet>");
    out.write_all(text.as_bytes())?;
    Ok(out.finish()?.into_inner())
}

fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\t' | '\n' => out.push(c),
        // A line's end in XML is a line feed, unless it is said so.
        '\r' => out.push_str("&#13;"),
        '\u{FFFE}' | '\u{FFFF}' => out.push_str(UNSAYABLE),
        c if c.is_control() => out.push_str(UNSAYABLE),
        c => out.push(c),
    }
}
