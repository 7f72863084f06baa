//! Rows below headings that somebody asked for.

use crate::cells::{Cell, Encoding, SheetRow};
use crate::error::SheetError;
use crate::error::quoted;
use crate::place::cell_name;

/// A column somebody asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SheetColumn {
    /// Its heading; a star may follow it in the file.
    pub name: &'static str,
    /// Whether the file has to have it.
    pub required: bool,
}

/// A file as the columns that were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// What it was read as.
    pub encoding: Encoding,
    /// Its rows below the heading.
    pub rows: Vec<TableRow>,
    /// Where each column stands in the file.
    places: Vec<Option<usize>>,
}

/// A row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableRow {
    /// Its number in the file, from 1.
    pub number: u32,
    /// One cell for each column that was asked for, in that order.
    pub cells: Vec<Cell>,
}

impl Table {
    /// The name of a cell as the file's reader knows it; the row's number alone where the file has no such column.
    pub fn cell_name(&self, row: u32, column: usize) -> String {
        match self.places.get(column).copied().flatten() {
            Some(place) => cell_name(row, place),
            None => row.to_string(),
        }
    }

    /// Puts the cells of each row into the order that was asked for.
    pub(crate) fn arrange(
        encoding: Encoding,
        rows: Vec<SheetRow>,
        columns: &[SheetColumn],
    ) -> Result<Self, SheetError> {
        let mut rows = rows.into_iter();
        let head = rows.next().ok_or(SheetError::Nothing)?;
        let places = find(&head, columns)?;
        let rows = rows.map(|SheetRow { number, mut cells }| {
            let stray = cells.iter().enumerate().position(|(at, cell)| {
                *cell != Cell::Empty && head.cells.get(at).is_none_or(|head| *head == Cell::Empty)
            });
            if let Some(column) = stray {
                return Err(SheetError::NoHeading { cell: cell_name(number, column) });
            }
            let mut take = |place: usize| {
                cells.get_mut(place).map_or(Cell::Empty, |cell| std::mem::replace(cell, Cell::Empty))
            };
            Ok(TableRow {
                number,
                cells: places.iter().map(|place| place.map_or(Cell::Empty, &mut take)).collect(),
            })
        });
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { encoding, rows, places })
    }
}

/// The first of these tables whose first column is in the heading; the first of all where none is.
pub(crate) fn recognize(head: Option<&SheetRow>, tables: &[&[SheetColumn]]) -> usize {
    let cells = head.map_or(&[][..], |head| &head.cells);
    let has = |name| cells.iter().any(|cell| heading(cell) == name);
    tables.iter().position(|columns| columns.first().is_some_and(|first| has(first.name))).unwrap_or(0)
}

/// The name in a heading, without its star.
fn heading(cell: &Cell) -> &str {
    let written = cell.as_str();
    written.strip_suffix('*').unwrap_or(written).trim()
}

/// Where each column stands.
fn find(head: &SheetRow, columns: &[SheetColumn]) -> Result<Vec<Option<usize>>, SheetError> {
    let mut places = vec![None; columns.len()];
    for (at, cell) in head.cells.iter().enumerate().filter(|(_, cell)| **cell != Cell::Empty) {
        let Some(column) = columns.iter().position(|column| column.name == heading(cell)) else {
            let known: Vec<&str> = columns.iter().map(|column| column.name).collect();
            let written = cell.as_str();
            let (cell, name, known) = (cell_name(head.number, at), quoted(written), known.join("、"));
            return Err(SheetError::UnknownColumn { cell, name, known });
        };
        if places[column].replace(at).is_some() {
            let (cell, name) = (cell_name(head.number, at), columns[column].name);
            return Err(SheetError::DoubleColumn { cell, name });
        }
    }
    let missing = columns.iter().zip(&places).find(|(column, place)| column.required && place.is_none());
    match missing {
        Some((column, _)) => Err(SheetError::MissingColumn { row: head.number, name: column.name }),
        None => Ok(places),
    }
}
