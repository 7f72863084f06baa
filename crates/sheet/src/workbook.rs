//! XLSX: which sheet has the table, and what its texts are.

use crate::bounds::{MAX_COLUMNS, MAX_ROWS};
use crate::cells::SheetRow;
use crate::container::{Container, Part, Xml, attribute};
use crate::error::SheetError;
use crate::error::quoted;
use crate::rich_text::RichText;
use crate::worksheet::{self, Found};
use std::io::Read;

/// Sheets of a workbook that are looked into.
const MAX_SHEETS: usize = 50;
/// Texts that a workbook keeps once and refers to: no more than there can be cells.
const MAX_STRINGS: usize = (MAX_ROWS + 1) * MAX_COLUMNS;

/// A part that another one refers to.
struct Relation {
    id: String,
    kind: String,
    target: String,
}

pub(crate) fn read(bytes: &[u8]) -> Result<Vec<SheetRow>, SheetError> {
    let mut container = Container::open(bytes)?;
    let root = relations(&mut container, "")?;
    let book = root.into_iter().find(|relation| relation.kind.ends_with("/officeDocument"));
    let book = book.ok_or(SheetError::OtherKind)?.target;
    let relations = relations(&mut container, &book)?;
    let sheets = container.read(&book, sheets)?.ok_or(SheetError::OtherKind)?;
    if sheets.len() > MAX_SHEETS {
        return Err(SheetError::Broken("工作表太多"));
    }
    let strings = relations.iter().find(|relation| relation.kind.ends_with("/sharedStrings"));
    let strings = match strings {
        Some(relation) => container.read(&relation.target, strings_of)?.unwrap_or_default(),
        None => Vec::new(),
    };
    let mut table: Option<Vec<SheetRow>> = None;
    for (name, id) in sheets {
        // A sheet of another kind, such as one with a chart only, has no cells.
        let of_cells = |relation: &&Relation| relation.id == id && relation.kind.ends_with("/worksheet");
        let Some(relation) = relations.iter().find(of_cells) else { continue };
        let is_first = table.is_none();
        let found = container.read(&relation.target, |part| worksheet::read(part, &strings, is_first))?;
        match found.ok_or(SheetError::Broken("缺少工作表"))? {
            Found::Rows(rows) if rows.is_empty() => {}
            Found::Rows(rows) => table = Some(rows),
            Found::Cell(cell) => return Err(SheetError::SecondSheet { sheet: quoted(&name), cell }),
        }
    }
    Ok(table.unwrap_or_default())
}

/// The parts that a part refers to; those of the container itself for no name.
fn relations(container: &mut Container<'_>, of: &str) -> Result<Vec<Relation>, SheetError> {
    let (folder, file) = of.rsplit_once('/').unwrap_or(("", of));
    let join = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let found = container.read(&join(&format!("_rels/{file}.rels")), |part| {
        let mut all = Vec::new();
        while let Some(relation) = part.next(relation)? {
            all.extend(relation);
        }
        Ok(all)
    })?;
    let mut all = found.unwrap_or_default();
    for relation in &mut all {
        relation.target = match relation.target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => join(&relation.target),
        };
    }
    Ok(all)
}

fn relation(xml: Xml<'_>) -> Result<Option<Relation>, SheetError> {
    let Xml::Start(tag) = xml else { return Ok(None) };
    if tag.local_name().as_ref() != "Relationship" {
        return Ok(None);
    }
    let text = |name| Ok::<_, SheetError>(attribute(tag, name)?.unwrap_or_default());
    Ok(Some(Relation { id: text("Id")?, kind: text("Type")?, target: text("Target")? }))
}

/// Each sheet's name, and what its part is referred to by.
fn sheets(part: &mut Part<&mut dyn Read>) -> Result<Vec<(String, String)>, SheetError> {
    let mut all = Vec::new();
    let sheet = |xml: Xml<'_>| {
        let Xml::Start(tag) = xml else { return Ok(None) };
        if tag.local_name().as_ref() != "sheet" {
            return Ok(None);
        }
        // Its `r:id`, not its `sheetId`.
        Ok(Some((attribute(tag, "name")?.unwrap_or_default(), attribute(tag, "id")?.unwrap_or_default())))
    };
    while let Some(found) = part.next(sheet)? {
        all.extend(found);
    }
    Ok(all)
}

/// The texts that cells refer to by number, each cut to a little more than a cell may have.
fn strings_of(part: &mut Part<&mut dyn Read>) -> Result<Vec<String>, SheetError> {
    let mut all = Vec::new();
    let mut text = RichText::default();
    let mut more = true;
    while more {
        let step = part.next(|xml| {
            text.take(&xml);
            Ok(matches!(xml, Xml::End("si")))
        })?;
        more = step.is_some();
        if step == Some(true) {
            if all.len() >= MAX_STRINGS {
                return Err(SheetError::ManyRows);
            }
            all.push(text.end());
        }
    }
    Ok(all)
}
