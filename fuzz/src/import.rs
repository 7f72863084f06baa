//! Tables that people bring to register institutions and accounts: from the file to what each row asks for.
//!
//! The first byte says what the rest is: `z` the parts of a workbook, each told by a line, which are packed here; `r` rows of
//! cells that are written as CSV and as workbooks and read again; anything else is a file.
//!
//! The bounds of a table are small in this build, so that they are met: whatever a file unpacks to, what is made of it is not
//! more than they say.
#![no_main]

mod said;

use std::io::{Cursor, Write};

use yanmi_onboarding::import::{
    AccountCheck, AccountGround, AccountStanding, ImportCheck, ImportGround, PresentAccount, PresentEntry,
    RowFault, RowVerdict, field_changes,
};
use yanmi_onboarding::{Area, ImportCell, ImportSubject};
use yanmi_protocol::{AccountId, OrgCode};
use yanmi_sheet::{
    Cell, Encoding, MAX_CHARACTERS, MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED, SheetColumn, SheetError, Table,
    read, read_one_of, write_csv, write_xlsx,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What a site allows, as centers do.
const MOST_ACCOUNTS: usize = 8;
const TYPES: [&str; 3] = ["/officeDocument", "/worksheet", "/sharedStrings"];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [what, rest @ ..] = input else { return };
    match (what, std::str::from_utf8(rest)) {
        (b'z', Ok(text)) => {
            if let Some(file) = workbook(text) {
                file_of_rows(&file);
            }
        }
        (b'r', Ok(text)) => there_and_back(text),
        _ => file_of_rows(rest),
    }
});

fn columns(subject: ImportSubject) -> Vec<SheetColumn> {
    let column = |field: &yanmi_onboarding::ImportField| SheetColumn {
        name: field.name(),
        required: field.is_required(),
    };
    subject.fields().iter().map(column).collect()
}

/// A file as an operator brings it: its table, and what each row asks for.
fn file_of_rows(file: &[u8]) {
    let all = ImportSubject::ALL.map(columns);
    let (which, table) = match read_one_of(file, &[&all[0], &all[1]]) {
        Ok(read) => read,
        Err(why) => return refused(&why),
    };
    let (subject, columns) = (ImportSubject::ALL[which], &all[which]);
    within_bounds(&table, columns.len());
    rows(subject, &table);
    // What is taken away is the same when it is brought again.
    let heads = subject.fields().iter().map(|field| field.name().to_owned()).collect::<Vec<_>>();
    let texts = table.rows.iter().map(|row| row.cells.iter().map(|cell| cell.as_str().to_owned()).collect());
    let lines: Vec<Vec<String>> = std::iter::once(heads).chain(texts).collect();
    // But for the apostrophes and line ends that CSV is written and read with, and what no text file can say.
    if !lines.iter().flatten().any(|cell| cell.starts_with('\'') || cell.contains(['\r', '\0'])) {
        let csv = read(&write_csv(&lines), columns);
        same_texts(&table, &csv.expect("what we write we read"));
    }
}

fn refused(why: &SheetError) {
    let said = why.to_string();
    // A refusal shows a few words of a heading or a sheet's name at most.
    assert!(said.chars().count() < 400, "{said}");
    assert!(!said.contains(|c: char| c.is_control()), "{said:?}");
}

fn within_bounds(table: &Table, width: usize) {
    assert!(table.rows.len() <= MAX_ROWS && width <= MAX_COLUMNS);
    let mut bytes = 0;
    let mut before = 0;
    for row in &table.rows {
        assert!(row.number > before && row.cells.len() == width, "rows come in their order");
        before = row.number;
        for cell in &row.cells {
            let text = cell.as_str();
            assert!(text.chars().count() <= MAX_CHARACTERS && text == text.trim());
            assert_eq!(text.is_empty(), *cell == Cell::Empty);
            bytes += text.len();
        }
    }
    assert!(bytes as u64 <= MAX_UNPACKED, "{bytes} bytes of cells came out of it");
}

fn same_texts(one: &Table, other: &Table) {
    let texts = |table: &Table| -> Vec<Vec<String>> {
        let cells =
            |row: &yanmi_sheet::TableRow| row.cells.iter().map(|cell| cell.as_str().to_owned()).collect();
        let said = |row: &Vec<String>| row.iter().any(|text| !text.is_empty());
        table.rows.iter().map(cells).filter(said).collect()
    };
    assert_eq!(texts(one), texts(other));
}

/// Rows, tab between cells, as they are written by us and by programs that leave out the names of cells.
fn there_and_back(text: &str) {
    let columns = columns(ImportSubject::Institutions);
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let mut rows = vec![names.clone()];
    for line in text.split('\n').take(MAX_ROWS) {
        let mut cells: Vec<&str> = line.split('\t').take(names.len()).map(str::trim).collect();
        // Whatever XML cannot say is written as something else, and no cell is longer than it may be.
        let odd = |c: char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}');
        // An apostrophe of one's own before what would run goes the way of ours, as in a spreadsheet.
        let cannot = |cell: &&str| {
            cell.contains(odd) || cell.starts_with('\'') || cell.chars().count() > MAX_CHARACTERS
        };
        if cells.iter().any(cannot) {
            return;
        }
        cells.resize(names.len(), "");
        rows.push(cells);
    }
    let csv = read(&write_csv(&rows), &columns);
    let ours = read(&write_xlsx(names.len(), &rows).expect("into memory"), &columns);
    let bare = read(&packed(&[("s.xml", bare_sheet(&rows))]).expect("into memory"), &columns);
    match (csv, ours, bare) {
        (Ok(csv), Ok(ours), Ok(bare)) => {
            let written: Vec<&str> =
                rows[1..].iter().flatten().copied().filter(|cell| !cell.is_empty()).collect();
            let found = |table: &Table| -> Vec<String> {
                let cells = table.rows.iter().flat_map(|row| &row.cells).filter(|cell| **cell != Cell::Empty);
                cells.map(|cell| cell.as_str().to_owned()).collect()
            };
            assert_eq!(found(&ours), written);
            same_texts(&ours, &csv);
            same_texts(&ours, &bare);
        }
        // CSV knows no type, so what begins like a formula is refused there unless it is guarded, as ours are.
        (csv, ours, bare) => panic!("{csv:?} {ours:?} {bare:?}"),
    }
}

/// A sheet whose cells have no names: each follows the one before it.
fn bare_sheet(rows: &[Vec<&str>]) -> String {
    let mut out = String::from("<w><sheetData>");
    for row in rows {
        out.push_str("<row>");
        for cell in row {
            if cell.is_empty() {
                out.push_str("<c/>");
            } else {
                let text = cell.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                out.extend(["<c t=\"inlineStr\"><is><t>", &text, "</t></is></c>"]);
            }
        }
        out.push_str("</row>");
    }
    out + "</sheetData></w>"
}

/// The parts of a workbook: a line `s.xml 3` is followed by what is three times in this part, up to the next such line.
fn workbook(text: &str) -> Option<Vec<u8>> {
    let mut parts: Vec<(&str, String)> = Vec::new();
    for part in text.split("\n#").take(6) {
        let (head, content) = part.split_once('\n')?;
        let (name, times) = head.split_once(' ')?;
        let times = times.parse().unwrap_or(1_usize).min(200_000 / (content.len() + 1));
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.push_str(&content.repeat(times)),
            None => parts.push((name, content.repeat(times))),
        }
    }
    packed(&parts)
}

/// A workbook of these parts, and of those that lead to them.
fn packed(parts: &[(&str, String)]) -> Option<Vec<u8>> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let relation = |id: usize, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{}\" Target=\"{target}\"/>", TYPES[id])
    };
    let around = [
        ("_rels/.rels", format!("<r>{}</r>", relation(0, "w.xml"))),
        ("w.xml", "<w><sheet name=\"s\" id=\"1\"/></w>".to_owned()),
        ("_rels/w.xml.rels", format!("<r>{}{}</r>", relation(1, "s.xml"), relation(2, "t.xml"))),
    ];
    let own = |name: &str| parts.iter().any(|(other, _)| *other == name);
    let around = around.iter().filter(|(name, _)| !own(name)).map(|(name, text)| (*name, text));
    for (name, text) in around.chain(parts.iter().map(|(name, text)| (*name, text))) {
        out.start_file(name, SimpleFileOptions::default()).ok()?;
        out.write_all(text.as_bytes()).ok()?;
    }
    Some(out.finish().ok()?.into_inner())
}

/// A register in which some of what rows name is there, and some is not.
struct Register;

impl ImportGround for Register {
    fn entry(&self, _: &OrgCode) -> Option<PresentEntry> {
        None
    }

    fn account(&self, account: &AccountId) -> AccountStanding {
        match account.as_str().len() % 3 {
            0 => AccountStanding::Unknown,
            1 => AccountStanding::Closed,
            _ => AccountStanding::Open,
        }
    }
}

impl AccountGround for Register {
    fn present(&self, _: &AccountId) -> Option<PresentAccount> {
        None
    }

    fn takes_trial(&self) -> bool {
        false
    }

    fn networks(&self, text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }
}

/// What each row asks for, and what is said of what is wrong with it.
fn rows(subject: ImportSubject, table: &Table) {
    let reach = [Area::new("350000").expect("a province")];
    let (mut institutions, mut accounts) =
        (ImportCheck::new(&Register, &reach, MOST_ACCOUNTS), AccountCheck::new(&Register));
    for row in &table.rows {
        let cells: Vec<ImportCell<'_>> = row.cells.iter().map(cell).collect();
        let verdict = match subject {
            ImportSubject::Institutions => institutions.row(row.number, &cells).1,
            ImportSubject::Accounts => accounts.row(row.number, &cells).1,
        };
        match verdict {
            RowVerdict::Faulty(faults) => {
                assert!(!faults.is_empty(), "a faulty row has a fault");
                faults.iter().for_each(fault);
            }
            RowVerdict::New(state) => {
                assert_eq!(state.subject(), subject);
                assert!(
                    table.encoding == Encoding::Xlsx
                        || state.place().is_none_or(|area| reach[0].covers(&area))
                );
                // What is shown of a contact is a mask.
                for change in field_changes(None, &state) {
                    let contact = matches!(change.field, yanmi_onboarding::ImportField::Contact(_));
                    let cell = cells.iter().map(|cell| cell.as_str()).collect::<Vec<_>>().join(" ");
                    if contact {
                        said::tells_nothing(&change.to_string(), &cell);
                    }
                }
            }
            RowVerdict::Same | RowVerdict::Changed { .. } => panic!("nothing is registered yet"),
        }
    }
}

/// The words of a fault are about its cell, and have nothing of a contact in them.
fn fault(fault: &RowFault) {
    let said = fault.problem.to_string();
    assert!(!said.is_empty());
    if matches!(fault.field, yanmi_onboarding::ImportField::Contact(_)) {
        said::tells_nothing(&said, &fault.value);
    }
}

fn cell(read: &Cell) -> ImportCell<'_> {
    match read {
        Cell::Empty => ImportCell::Empty,
        Cell::Text(text) => ImportCell::Text(text),
        Cell::Number(digits) => ImportCell::Number(digits),
    }
}
