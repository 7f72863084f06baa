//! Papers that go with an application: stamped scans, certificates, licences. What may be one, and what of it the form names.
//!
//! The form names its papers by their digests, so the digest of the form, which every decision carries, covers them: whoever
//! approves a form approves these papers and no others.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};
use yanmi_protocol::{display, hex};

use crate::application::stored::{self, Word};

/// Papers of one form.
pub const MAX_ATTACHMENTS: usize = 10;
/// Bytes of a paper.
pub const MAX_ATTACHMENT_BYTES: usize = 5 * 1024 * 1024;
/// What a paper is called whose file has no name that can be shown.
const NAMELESS: &str = "未命名";

/// What kind of file a paper is. Only its first bytes say so: neither its name nor what the browser says counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttachmentMedia {
    /// A PDF.
    Pdf,
    /// A picture.
    Png,
    /// A picture.
    Jpeg,
    /// What another program wrote; an object or a list.
    Json,
}

impl AttachmentMedia {
    const ALL: [Self; 4] = [Self::Pdf, Self::Png, Self::Jpeg, Self::Json];

    /// Its word, what people read, and how it is sent.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Pdf => ("pdf", "PDF", "application/pdf"),
            Self::Png => ("png", "PNG", "image/png"),
            Self::Jpeg => ("jpg", "JPEG", "image/jpeg"),
            Self::Json => ("json", "JSON", "application/json"),
        }
    }

    /// The word it is stored as and its file's name ends with.
    pub const fn word(self) -> &'static str {
        self.words().0
    }

    /// What people read.
    pub const fn name(self) -> &'static str {
        self.words().1
    }

    /// The media type it is sent under.
    pub const fn media_type(self) -> &'static str {
        self.words().2
    }

    /// What these bytes are; nothing for any other file.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            _ => is_json(bytes).then_some(Self::Json),
        }
    }
}

impl Word for AttachmentMedia {
    fn word(&self) -> &'static str {
        Self::word(*self)
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.word() == word)
    }
}

/// A lone number or word is JSON too, but no paper.
fn is_json(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// A paper as the form names it. `Debug` shows its digest only: a title may name a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    #[serde(with = "stored::digest")]
    digest: [u8; 32],
    title: String,
    #[serde(with = "stored::word")]
    media: AttachmentMedia,
    size: usize,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.short_digest())
    }
}

impl Attachment {
    /// The paper that a file is, as it is called on the machine it comes from.
    ///
    /// # Errors
    /// When it is empty, too large, or none of the kinds that are taken.
    pub fn of_file(name: &str, bytes: &[u8]) -> Result<Self, AttachmentError> {
        if bytes.is_empty() {
            return Err(AttachmentError::Empty);
        }
        if bytes.len() > MAX_ATTACHMENT_BYTES {
            return Err(AttachmentError::TooLarge);
        }
        let media = AttachmentMedia::of_bytes(bytes).ok_or(AttachmentError::Kind)?;
        let digest = Sm3::digest(bytes).into();
        Ok(Self { digest, title: title(name, media), media, size: bytes.len() })
    }

    /// SM3 of the file.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The first sixteen digits of it, as people compare them.
    pub fn short_digest(&self) -> String {
        hex::encode(&self.digest[..8])
    }

    /// What people read: the file's name without its ending.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What it is.
    pub const fn media(&self) -> AttachmentMedia {
        self.media
    }

    /// Bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// What the file is called when it is taken away. It ends with what the file is, whatever it was called: what began like a
    /// PDF is not opened as a program.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.title, self.media.word())
    }
}

/// A title from the name of a file: without folders and ending, and without what must not be shown.
fn title(name: &str, media: AttachmentMedia) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let stem = name.rsplit_once('.').filter(|(_, ending)| {
        let ending = ending.to_ascii_lowercase();
        ending == media.word() || (media == AttachmentMedia::Jpeg && ending == "jpeg")
    });
    // Names of files are written with it, names of institutions are not.
    let name = stem.map_or(name, |(stem, _)| stem).replace('_', "-");
    match display::encode(&name) {
        shown if shown.is_empty() => NAMELESS.to_owned(),
        shown => shown.into_owned(),
    }
}

/// Why a file is not taken. Chinese, for whoever brings it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttachmentError {
    /// Nothing is in it.
    Empty,
    /// Larger than [`MAX_ATTACHMENT_BYTES`].
    TooLarge,
    /// None of the kinds that are taken.
    Kind,
    /// The form names [`MAX_ATTACHMENTS`] already.
    TooMany,
}

impl fmt::Display for AttachmentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("文件是空的"),
            Self::TooLarge => {
                write!(out, "附件超过 {} MiB：请压缩扫描件或分成几个", MAX_ATTACHMENT_BYTES >> 20)
            }
            Self::Kind => out.write_str("附件应为 PDF、PNG、JPEG 或 JSON：按内容识别，改扩展名没有用"),
            Self::TooMany => write!(out, "一份申请至多 {MAX_ATTACHMENTS} 个附件：请先移除不用的"),
        }
    }
}

impl std::error::Error for AttachmentError {}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1A\n....";

    #[test]
    fn what_a_file_is_is_said_by_its_bytes() {
        for (bytes, media) in [
            (&b"%PDF-1.7\n..."[..], AttachmentMedia::Pdf),
            (PNG, AttachmentMedia::Png),
            (&b"\xFF\xD8\xFF\xE0.."[..], AttachmentMedia::Jpeg),
            (&b" {\"a\": [1, 2]}\n"[..], AttachmentMedia::Json),
            (&b"[]"[..], AttachmentMedia::Json),
        ] {
            assert_eq!(AttachmentMedia::of_bytes(bytes), Some(media));
            assert_eq!(Word::of_word(media.word()), Some(media));
        }
        let deep = "[".repeat(100_000);
        for bytes in [
            &b"MZ\x90\0"[..],
            b"<html>",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"PK\x03\x04",
            b"12",
            b"\"a\"",
            b"{\"a\":1",
            b"{} <script>",
            b"{\"a\":\"\xFF\"}",
            b"%PDF",
            b" %PDF-1.7",
            b"\x89PNG",
            b"\xFF\xD8",
            deep.as_bytes(),
        ] {
            assert_eq!(Attachment::of_file("a.pdf", bytes), Err(AttachmentError::Kind));
        }
        assert_eq!(Attachment::of_file("a.pdf", b""), Err(AttachmentError::Empty));
        let mut large = b"%PDF-".to_vec();
        large.resize(MAX_ATTACHMENT_BYTES, 0);
        assert!(Attachment::of_file("a.pdf", &large).is_ok());
        large.push(0);
        assert_eq!(Attachment::of_file("a.pdf", &large), Err(AttachmentError::TooLarge));
    }

    #[test]
    fn a_title_is_a_name_that_may_be_shown() {
        for (name, title) in [
            ("营业执照.png", "营业执照"),
            // Another ending belongs to the name.
            ("营业执照.pdf", "营业执照.pdf"),
            ("C:\\扫描\\盖章_1.PNG", "盖章-1"),
            ("../../etc/passwd", "passwd"),
            ("setup.exe", "setup.exe"),
            ("<b>x.png", "□b□x"),
            ("a\u{202E}gnp.exe", "a□gnp.exe"),
            ("\u{200B}\n", NAMELESS),
            ("", NAMELESS),
            (".png", NAMELESS),
        ] {
            let attachment = Attachment::of_file(name, PNG).expect("a picture");
            assert_eq!(attachment.title(), title);
            assert_eq!(attachment.file_name(), format!("{title}.png"));
        }
        let long = Attachment::of_file(&"字".repeat(500), PNG).expect("a picture");
        assert_eq!(long.title().chars().count(), display::MAX_NAME);
        assert_eq!(format!("{long:?}"), long.short_digest());
    }
}
