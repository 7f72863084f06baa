//! XLSX: the cells of a sheet.

use std::io::Read;

use crate::bounds::MAX_COLUMNS;
use crate::cells::{Cell, Rows, SheetRow};
use crate::container::{Part, Xml, attribute};
use crate::error::SheetError;
use crate::error::quoted;
use crate::place::cell_name;
use crate::place::cell_place;
use crate::rich_text::RichText;

/// The largest whole number that a spreadsheet holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What was found in a sheet.
pub(crate) enum Found {
    /// Its rows.
    Rows(Vec<SheetRow>),
    /// The first cell that says something, where there should be none.
    Cell(String),
}

/// Reads a sheet; of one that should be empty only whether it is.
pub(crate) fn read(
    part: &mut Part<&mut dyn Read>,
    strings: &[String],
    is_table: bool,
) -> Result<Found, SheetError> {
    let mut reading =
        Reading { strings, rows: Rows::default(), row: 0, cells: Vec::new(), next: 0, cell: None };
    let mut more = true;
    while more {
        let step = part.next(|xml| reading.take(&xml))?;
        more = step.is_some();
        if let Some(Some(cell)) = step.filter(|_| !is_table) {
            return Ok(Found::Cell(cell));
        }
    }
    Ok(Found::Rows(reading.rows.into_rows()))
}

struct Reading<'a> {
    strings: &'a [String],
    rows: Rows,
    /// The number of the row that is read.
    row: u32,
    cells: Vec<Cell>,
    /// The column of a cell that does not say its own: behind the one before it, which may have been empty.
    next: usize,
    cell: Option<OpenCell>,
}

/// A cell that is being read.
struct OpenCell {
    column: usize,
    kind: String,
    value: RichText,
    inline: RichText,
    in_value: bool,
}

impl Reading<'_> {
    /// Tells the name of a cell that says something.
    fn take(&mut self, xml: &Xml<'_>) -> Result<Option<String>, SheetError> {
        if let Some(cell) = &mut self.cell {
            cell.inline.take(xml);
        }
        match xml {
            Xml::Start(tag) => match tag.local_name().as_ref() {
                "row" => self.begin_row(attribute(tag, "r")?.as_deref())?,
                "c" => {
                    let place = attribute(tag, "r")?;
                    self.begin_cell(place.as_deref(), attribute(tag, "t")?.unwrap_or_default())?;
                }
                "f" => return Err(SheetError::Formula { cell: self.place() }),
                "v" => self.cell.iter_mut().for_each(|cell| cell.in_value = true),
                "mergeCell" => {
                    let cells = attribute(tag, "ref")?.unwrap_or_default();
                    return Err(SheetError::Merged { cells: quoted(&cells) });
                }
                _ => {}
            },
            Xml::End("v") => self.cell.iter_mut().for_each(|cell| cell.in_value = false),
            Xml::End("c") => return self.end_cell(),
            Xml::End("row") => self.rows.push(self.row, std::mem::take(&mut self.cells))?,
            Xml::Text(text) => {
                let cell = self.cell.iter_mut().filter(|cell| cell.in_value);
                cell.for_each(|cell| text.chars().for_each(|c| cell.value.push(c)));
            }
            Xml::Character(c) => {
                self.cell.iter_mut().filter(|cell| cell.in_value).for_each(|cell| cell.value.push(*c));
            }
            Xml::End(_) | Xml::Other => {}
        }
        Ok(None)
    }

    fn place(&self) -> String {
        cell_name(self.row, self.cell.as_ref().map_or(0, |cell| cell.column))
    }

    fn begin_row(&mut self, number: Option<&str>) -> Result<(), SheetError> {
        let number = match number {
            Some(text) => text.parse().ok(),
            None => self.row.checked_add(1),
        };
        // In their order: so no row comes twice.
        self.row = number.filter(|number| *number > self.row).ok_or(SheetError::Broken("行号不对"))?;
        self.cells.clear();
        self.next = 0;
        Ok(())
    }

    fn begin_cell(&mut self, name: Option<&str>, kind: String) -> Result<(), SheetError> {
        let column = match name {
            Some(name) => cell_place(name).filter(|(row, _)| *row == self.row).map(|(_, column)| column),
            None => Some(self.next),
        };
        let column = column.filter(|column| *column >= self.next);
        let column = column.ok_or(SheetError::Broken("单元格的位置不对"))?;
        self.next = column.saturating_add(1);
        let (value, inline) = (RichText::default(), RichText::default());
        self.cell = Some(OpenCell { column, kind, value, inline, in_value: false });
        Ok(())
    }

    fn end_cell(&mut self) -> Result<Option<String>, SheetError> {
        let Some(mut cell) = self.cell.take() else { return Ok(None) };
        let value = cell.value.end();
        let read = match cell.kind.as_str() {
            "inlineStr" => Cell::of_text(&cell.inline.end()),
            "s" if value.trim().is_empty() => Cell::Empty,
            "s" => {
                let at: Option<usize> = value.trim().parse().ok();
                let text = at.and_then(|at| self.strings.get(at));
                Cell::of_text(text.ok_or(SheetError::Broken("单元格指向不存在的文字"))?)
            }
            "" | "n" => number(&value),
            "b" => Cell::of_text(if value.trim() == "1" { "TRUE" } else { "FALSE" }),
            _ => Cell::of_text(&value),
        };
        if read == Cell::Empty {
            return Ok(None);
        }
        let name = cell_name(self.row, cell.column);
        if cell.column >= MAX_COLUMNS {
            return Err(SheetError::ManyColumns { cell: name });
        }
        // What was left out between is empty.
        self.cells.resize(cell.column, Cell::Empty);
        self.cells.push(read);
        Ok(Some(name))
    }
}

/// A whole number as its digits, whatever way it is written.
fn number(text: &str) -> Cell {
    let text = text.trim();
    if text.is_empty() {
        return Cell::Empty;
    }
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < EXACT => Cell::Number(format!("{number:.0}")),
        _ => Cell::Number(text.to_owned()),
    }
}
