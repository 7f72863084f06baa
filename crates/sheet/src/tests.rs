//! Files as people and spreadsheets make them, and as nobody should.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::cells::Rows;
use super::*;

const COLUMNS: [SheetColumn; 3] = [
    SheetColumn { name: "机构代码", required: true },
    SheetColumn { name: "名称", required: true },
    SheetColumn { name: "备注", required: false },
];

fn read_all(bytes: &[u8]) -> Result<Table, SheetError> {
    read(bytes, &COLUMNS)
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[test]
fn a_file_is_the_table_whose_first_column_it_has() {
    const OTHER: [SheetColumn; 2] =
        [SheetColumn { name: "编码", required: true }, SheetColumn { name: "名称", required: true }];
    let read = |text: &str| read_one_of(text.as_bytes(), &[&COLUMNS, &OTHER]);
    let which = |text| read(text).map(|(which, table)| (which, table.rows.len()));
    assert_eq!(which("名称,机构代码*\n甲,H1"), Ok((0, 1)));
    assert_eq!(which("名称,编码*\n甲,his"), Ok((1, 1)));
    // One that is neither is told what the first of them has.
    assert_eq!(read("名称\n甲").expect_err("no code"), read_all("名称\n甲".as_bytes()).expect_err("no code"));
    assert!(
        matches!(read("名称,编码,备注\n"), Err(SheetError::UnknownColumn { known, .. }) if known == "编码、名称")
    );
    assert_eq!(read_one_of(b"a\nb", &[]).map(|(which, _)| which).ok(), None);
}

/// A container with these parts.
fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        out.start_file(*name, SimpleFileOptions::default()).expect("a part");
        out.write_all(text.as_bytes()).expect("written");
    }
    out.finish().expect("finished").into_inner()
}

const ROOT: &str = r#"<Relationships><Relationship Id="rId1" Type="http://x/officeDocument" Target="/xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<workbook xmlns:r="x"><sheets><sheet name="机构" sheetId="9" r:id="rId1"/><sheet name="说&amp;明" sheetId="2" r:id="rId2"/></sheets></workbook>"#;
const PARTS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const STRINGS: &str = r#"<sst uniqueCount="999999999999999"><si><t>机构代码*</t></si><si><r><t>名</t></r><r><t xml:space="preserve">称</t></r><rPh><t>mingcheng</t></rPh></si><si><t>甲&lt;&#20057;&gt;<![CDATA[&]]></t></si></sst>"#;
const HEAD: &str = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>"#;

/// A workbook whose first sheet has the heading and these rows, and whose second has what is given.
fn workbook(rows: &str, second: &str) -> Vec<u8> {
    let sheet = |rows: &str| format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    packed(&[
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", PARTS),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/worksheets/sheet1.xml", &sheet(&format!("{HEAD}{rows}"))),
        ("xl/worksheets/sheet2.xml", &sheet(second)),
    ])
}

#[test]
fn csv_in_either_encoding_with_columns_in_any_order() {
    let words = "名称,备注,机构代码*\r\n福州示范医院,\"有,逗号\",H35010000001\n\n,\"\n\",\n 厦门药店 ,,P35020000002\n";
    let (gb, _, failed) = encoding_rs::GB18030.encode(words);
    assert!(!failed);
    let marked = [b"\xEF\xBB\xBF", words.as_bytes()].concat();
    for (bytes, encoding) in
        [(words.as_bytes(), Encoding::Utf8), (&marked, Encoding::Utf8), (&gb, Encoding::Gb18030)]
    {
        let table = read_all(bytes).expect("a table");
        assert_eq!(table.encoding, encoding);
        let row = |number, cells: [Cell; 3]| TableRow { number, cells: cells.into() };
        let expected = [
            row(2, [text("H35010000001"), text("福州示范医院"), text("有,逗号")]),
            row(5, [text("P35020000002"), text("厦门药店"), Cell::Empty]),
        ];
        assert_eq!(table.rows, expected);
        assert_eq!(table.cell_name(5, 0), "C5");
    }
    for end in ["\n", "\r\n", "\r"] {
        let lines = format!("机构代码,名称{end}H1,\"甲{end}乙\"{end}{end}H2,丙{end}");
        let rows = read_all(lines.as_bytes()).expect("a table").rows;
        let numbers: Vec<u32> = rows.iter().map(|row| row.number).collect();
        assert_eq!((numbers, &rows[0].cells[1]), (vec![2, 4], &text("甲\n乙")), "{end:?}");
    }
    let without = read_all("机构代码,名称\nH1,甲".as_bytes()).expect("a table");
    assert_eq!(without.cell_name(2, 2), "2", "no such column in the file");
}

#[test]
fn files_that_are_no_table_are_refused_with_the_place() {
    let long = format!("机构代码,名称\nH1,{}", "长".repeat(MAX_CHARACTERS + 1));
    let wide = format!("机构代码,名称\n{}x", ",".repeat(MAX_COLUMNS));
    let cases: [(&[u8], &str); 17] = [
        (b"", "没有内容"),
        (b"\xEF\xBB\xBF\n\n", "没有内容"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1", "设了密码"),
        (b"\x89PNG\r\n\x1A\n\0", "不是 CSV"),
        (b"\xFF\xFEH\0", "不是 CSV"),
        (b"PK\x03\x04", "压缩包"),
        (b"%PDF-1.7", "不认识的列"),
        ("机构代码\nH1".as_bytes(), "没有“名称”这一列"),
        ("机构代码,名称,名称*\n".as_bytes(), "单元格 C1：列“名称”出现两次"),
        ("机构代码,名称,<b>\u{7}\n".as_bytes(), "单元格 C1：不认识的列“<b>□”"),
        ("机构代码,名称\nH1,甲,多".as_bytes(), "单元格 C2 有内容，但"),
        ("机构代码,名称\nH1,=1+1".as_bytes(), "单元格 B2 是公式"),
        (long.as_bytes(), "单元格 B2 超过"),
        ("机构代码,名称\nH1,甲\nH2,\"乙\nH3".as_bytes(), ""),
        (wide.as_bytes(), "单元格 U2：超过 20 列"),
        (b"a\n\xFF\xFF\xFF,x", "第 2 行"),
        (&vec![b'a'; MAX_FILE + 1], "8 MiB"),
    ];
    for (bytes, words) in cases {
        match read_all(bytes) {
            Err(error) => assert!(!words.is_empty() && error.to_string().contains(words), "{words}: {error}"),
            Ok(_) => assert!(words.is_empty(), "{words}"),
        }
    }
    let many = format!("机构代码,名称{}", "\nH1,甲".repeat(MAX_ROWS));
    assert_eq!(read_all(many.as_bytes()).expect("as many as may be").rows.len(), MAX_ROWS);
    assert_eq!(read_all(format!("{many}\nH1,甲").as_bytes()), Err(SheetError::ManyRows));
}

#[test]
fn workbooks_as_spreadsheets_write_them() {
    let rows = r#"<row r="3"><c r="A3" t="inlineStr"><is><t>H1</t></is></c><c r="B3" t="s"><v>2</v></c></row>
        <row r="4"><c r="A4"><v>3.50102E5</v></c><c r="B4" s="1"/></row><row r="5"/>
        <row r="7"><c t="str"><v>H&#50;</v></c><c><v>1.5</v></c></row>"#;
    let table = read_all(&workbook(rows, r#"<row r="1"><c r="A1" s="3"/></row>"#)).expect("a table");
    let row = |number, a: Cell, b: Cell| TableRow { number, cells: vec![a, b, Cell::Empty] };
    let expected = [
        row(3, text("H1"), text("甲<乙>&")),
        row(4, Cell::Number("350102".to_owned()), Cell::Empty),
        row(7, text("H2"), Cell::Number("1.5".to_owned())),
    ];
    assert_eq!((table.encoding, &table.rows[..]), (Encoding::Xlsx, &expected[..]));
}

/// Programs that are no spreadsheets leave the names of cells out, and write an empty one for nothing.
#[test]
fn cells_without_names_follow_one_another_and_empty_ones_count() {
    let cell = |text: &str| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#);
    let rows = format!(
        r#"<row r="2"><c/>{}{}</row><row>{}<c t="s"><v></v></c>{}</row>"#,
        cell("甲"),
        cell(""),
        cell("H1"),
        cell("备")
    );
    let head = HEAD.replace("</row>", r#"<c r="C1" t="inlineStr"><is><t>备注</t></is></c></row>"#);
    let sheet = format!("<worksheet><sheetData>{head}{rows}</sheetData></worksheet>");
    let file = packed(&[
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", &PARTS.replace("sheet2.xml", "none.xml").replace("rId2", "rId9")),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/worksheets/sheet1.xml", &sheet),
    ]);
    let cells: Vec<Vec<Cell>> =
        read_all(&file).expect("a table").rows.into_iter().map(|row| row.cells).collect();
    assert_eq!(cells, [[Cell::Empty, text("甲"), Cell::Empty], [text("H1"), Cell::Empty, text("备")]]);
}

#[test]
fn workbooks_that_are_no_table_are_refused_with_the_place() {
    let cell = |inside: &str| format!(r#"<row r="2">{inside}</row>"#);
    let long = format!(r#"<c r="A2" t="inlineStr"><is><t>{}</t></is></c>"#, "x".repeat(10_000));
    let cases = [
        (cell(r#"<c r="B2"><f>HYPERLINK("http://x")</f><v>1</v></c>"#), "", "单元格 B2 是公式"),
        (cell(r#"<c r="B2" t="str"><f/><v>x</v></c>"#), "", "单元格 B2 是公式"),
        (
            r#"</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells><sheetData>"#.to_owned(),
            "",
            "A1:B1 是合并的",
        ),
        (String::new(), r#"<row r="4"><c r="D4"><v>1</v></c></row>"#, "工作表“说&明”的 D4"),
        (cell(r#"<c r="XFD2"><v>1</v></c>"#), "", "XFD2：超过"),
        (cell(r#"<c r="A3"><v>1</v></c>"#), "", "位置不对"),
        (cell(r#"<c r="B2"><v>1</v></c><c r="A2"><v>1</v></c>"#), "", "位置不对"),
        (r#"<row r="1"/>"#.to_owned(), "", "行号不对"),
        (cell(r#"<c r="A2" t="s"><v>3</v></c>"#), "", "不存在的文字"),
        (cell(r#"<c r="A2" t="s"><v>18446744073709551616</v></c>"#), "", "不存在的文字"),
        (cell(&long), "", "A2 超过 200"),
        ("<row".to_owned(), "", "XML"),
        (cell(r#"<c r="A2" t="str"><v>&x;</v></c>"#), "", "XML"),
    ];
    for (rows, second, words) in cases {
        let error = read_all(&workbook(&rows, second)).expect_err(words);
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    for (parts, words) in [
        (&[("a", "")][..], "不是 CSV"),
        (&[("_rels/.rels", ROOT)], "不是 CSV"),
        (&[("_rels/.rels", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>")], "XML"),
        (
            &[("_rels/.rels", ROOT), ("xl/workbook.xml", BOOK), ("xl/_rels/workbook.xml.rels", PARTS)],
            "缺少工作表",
        ),
    ] {
        let error = read_all(&packed(parts)).expect_err(words);
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn what_unpacks_to_too_much_is_not_unpacked() {
    let much = " ".repeat(1 << 20);
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text, times) in [
        ("_rels/.rels", ROOT, 1),
        ("xl/workbook.xml", BOOK, 1),
        ("xl/_rels/workbook.xml.rels", PARTS, 1),
        ("xl/worksheets/sheet1.xml", "<worksheet>", 1),
        ("", &much, 65),
    ] {
        if !name.is_empty() {
            out.start_file(name, SimpleFileOptions::default()).expect("a part");
        }
        (0..times).for_each(|_| out.write_all(text.as_bytes()).expect("written"));
    }
    let mut bytes = out.finish().expect("finished").into_inner();
    assert!(bytes.len() < MAX_FILE);
    assert_eq!(read_all(&bytes), Err(SheetError::Bomb), "as it says itself");
    // The same, with a smaller size said wherever one is said.
    let said = u32::try_from((65 << 20) + "<worksheet>".len()).expect("fits").to_le_bytes();
    let places: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, four)| *four == said).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    assert!(read_all(&bytes).is_err());
}

/// A long text stands in a workbook once, and as many cells as there may be have it.
#[test]
fn a_text_that_many_cells_have_is_not_copied_without_end() {
    let row = vec![text(&"长".repeat(MAX_CHARACTERS)); MAX_COLUMNS];
    let most = u32::try_from(MAX_UNPACKED).expect("fits") / (3 * 200 * 20);
    let mut rows = Rows::default();
    for number in 1..=most {
        assert_eq!(rows.push(number, row.clone()), Ok(()));
    }
    assert_eq!(rows.push(most + 1, row), Err(SheetError::Bomb));
    let kept = rows.into_rows().len();
    assert!(kept == most as usize && kept < MAX_ROWS, "{kept} rows are fewer than there may be");
}

#[test]
fn what_is_written_runs_nowhere() {
    let rows = [["=1+1", "+8613", "-2", "@x", "\t=1", "a\"b,\nc", "'=x"]];
    let csv = String::from_utf8(write_csv(rows)).expect("text");
    assert_eq!(csv, "\u{FEFF}\"'=1+1\",\"'+8613\",\"'-2\",\"'@x\",\"'\t=1\",\"a\"\"b,\nc\",\"'=x\"\r\n");
    let csv = write_csv([["机构代码", "名称"], ["H1", "a\0b"]]);
    assert_eq!(read_all(&csv).expect("a table").rows[0].cells[1], text("a\u{FFFD}b"));
    let bytes = write_xlsx(3, [["机构代码", "名称", "备注"], ["=1+1", "<b>&\u{1}", "-"]]).expect("written");
    let table = read_all(&bytes).expect("a table");
    assert_eq!(table.rows[0].cells, [text("=1+1"), text("<b>&\u{FFFD}"), text("-")]);
}

proptest! {
    #[test]
    fn what_is_written_is_read(cells in prop::collection::vec("[=+@'a甲\"<&, \\t-]{0,6}", 1..20)) {
        let rows = cells.iter().map(|cell| vec!["H1", "名", cell.as_str()]);
        let head = vec!["机构代码", "名称", "备注"];
        let all: Vec<Vec<&str>> = std::iter::once(head).chain(rows).collect();
        let expected: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
        let xlsx = read_all(&write_xlsx(3, &all).expect("written")).expect("a table");
        let found: Vec<&str> = xlsx.rows.iter().map(|row| row.cells[2].as_str()).collect();
        prop_assert_eq!(&found, &expected);
        // An apostrophe of one's own before what would run goes the way of ours, as in a spreadsheet.
        let of_csv = |cell: &&str| !cell.starts_with('\'');
        let csv = read_all(&write_csv(all.iter().filter(|row| of_csv(&row[2])))).expect("a table");
        let found: Vec<&str> = csv.rows.iter().map(|row| row.cells[2].as_str()).collect();
        let expected: Vec<&str> = cells.iter().map(String::as_str).filter(of_csv).map(str::trim).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn nothing_that_comes_in_breaks_it(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..2_000, byte: u8) {
        let _ = read_all(&bytes);
        let _ = read_all(&[b"PK\x03\x04", &bytes[..]].concat());
        let mut good = workbook(r#"<row r="2"><c r="A2" t="s"><v>2</v></c></row>"#, "");
        let length = good.len();
        good[at % length] = byte;
        let _ = read_all(&good);
    }
}
