//! The container of an XLSX file: a ZIP whose parts are read one at a time, within what all of them may have together.

use std::io::{BufReader, Cursor, Read};

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;

use crate::bounds::MAX_UNPACKED;
use crate::error::SheetError;

/// Parts of a container: a workbook of one sheet has about ten.
const MAX_PARTS: usize = 200;

pub(crate) struct Container<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// What may still come out of it.
    left: u64,
}

/// The XML of a part, read event by event.
pub(crate) struct Part<R: Read> {
    reader: Reader<BufReader<Bounded<R>>>,
    buffer: Vec<u8>,
}

/// An event of a part, as far as a table is concerned. Names are without their prefix.
#[derive(Clone, Copy)]
pub(crate) enum Xml<'a> {
    /// A tag is opened; one that is closed at once is followed by its end.
    Start(&'a BytesStart<'a>),
    End(&'a str),
    Text(&'a str),
    /// A character written as a reference.
    Character(char),
    Other,
}

impl<'a> Container<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, SheetError> {
        let broken = |_| SheetError::Broken("不是完整的压缩包");
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
        if archive.len() > MAX_PARTS {
            return Err(SheetError::Broken("里面的文件太多"));
        }
        let mut announced = 0_u64;
        for at in 0..archive.len() {
            let part = archive.by_index_raw(at).map_err(broken)?;
            if part.encrypted() {
                return Err(SheetError::OldOrLocked);
            }
            announced = announced.saturating_add(part.size());
        }
        if announced > MAX_UNPACKED {
            return Err(SheetError::Bomb);
        }
        Ok(Self { archive, left: MAX_UNPACKED })
    }

    /// Goes through a part; nothing when there is none of this name.
    pub(crate) fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Part<&mut dyn Read>) -> Result<T, SheetError>,
    ) -> Result<Option<T>, SheetError> {
        let Some(at) = self.archive.index_for_name(name) else { return Ok(None) };
        let mut file = self.archive.by_index(at).map_err(|_| SheetError::Broken("压缩方法不支持"))?;
        let bounded = Bounded { inner: &mut file as &mut dyn Read, left: self.left };
        let mut part = Part { reader: Reader::from_reader(BufReader::new(bounded)), buffer: Vec::new() };
        part.reader.config_mut().expand_empty_elements = true;
        let done = read(&mut part);
        self.left = part.reader.get_ref().get_ref().left;
        // Whatever was made of its beginning: there was too much of it.
        if self.left == 0 { Err(SheetError::Bomb) } else { done.map(Some) }
    }
}

impl<R: Read> Part<R> {
    /// The next event, until there is none.
    pub(crate) fn next<T>(
        &mut self,
        take: impl FnOnce(Xml<'_>) -> Result<T, SheetError>,
    ) -> Result<Option<T>, SheetError> {
        self.buffer.clear();
        let broken = SheetError::Broken("不是合法的 XML");
        match self.reader.read_event_into(&mut self.buffer) {
            // Of a type declaration: nobody needs one, and what it could declare is trouble.
            Err(_) | Ok(Event::DocType(_)) => Err(broken),
            Ok(Event::Eof) => Ok(None),
            Ok(Event::Start(tag) | Event::Empty(tag)) => take(Xml::Start(&tag)).map(Some),
            Ok(Event::End(tag)) => take(Xml::End(tag.local_name().as_ref())).map(Some),
            Ok(Event::Text(text)) => take(Xml::Text(&text)).map(Some),
            Ok(Event::CData(text)) => take(Xml::Text(&text)).map(Some),
            Ok(Event::GeneralRef(reference)) => {
                take(Xml::Character(character(&reference).ok_or(broken)?)).map(Some)
            }
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => take(Xml::Other).map(Some),
        }
    }
}

/// The value of an attribute, by its name without a prefix.
pub(crate) fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, SheetError> {
    let broken = |_| SheetError::Broken("不是合法的 XML");
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| SheetError::Broken("不是合法的 XML"))?;
        if attribute.key.local_name().as_ref() == name {
            return Ok(Some(
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(broken)?.into_owned(),
            ));
        }
    }
    Ok(None)
}

fn character(reference: &BytesRef<'_>) -> Option<char> {
    match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}

/// Gives out so many bytes, then fails.
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if room == 0 && !buffer.is_empty() {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(&mut buffer[..room])?;
        self.left -= read as u64;
        Ok(read)
    }
}
