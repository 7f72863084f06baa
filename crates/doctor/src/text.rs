//! What stands inside: which character set, and what was done to the JSON before it was sealed.

use std::borrow::Cow;

use encoding_rs::GBK;
use yanmi_protocol::Members;
use zeroize::Zeroizing;

use crate::mistake::Mistake;
use crate::writing::percent_decoded;

/// A text, and the mistakes that were undone to read it.
pub(crate) struct Text {
    pub(crate) text: Zeroizing<String>,
    pub(crate) mistakes: Vec<Mistake>,
}

/// The text of these bytes in the first character set that has it.
pub(crate) fn decoded(bytes: &[u8]) -> Option<Text> {
    let read = |text: String, mistake: Option<Mistake>| Text {
        text: Zeroizing::new(text),
        mistakes: mistake.into_iter().collect(),
    };
    // Latin letters in UTF-16 are UTF-8 as well, with a NUL at each second place.
    if let Some(text) = utf16(bytes) {
        return Some(read(text, Some(Mistake::Utf16)));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let bare = text.strip_prefix('\u{FEFF}');
        return Some(read(bare.unwrap_or(text).to_owned(), bare.map(|_| Mistake::ByteOrderMark)));
    }
    if let Some(text) = cesu8(bytes) {
        return Some(read(text, Some(Mistake::Cesu8)));
    }
    let text = GBK.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(read(text.into_owned(), Some(Mistake::Gbk)))
}

/// The JSON object that the text is, or that it was before somebody treated it; with what was undone.
pub(crate) fn object(text: &Text) -> Option<Text> {
    let mut undone: Cow<'_, str> = Cow::Borrowed(text.text.as_str());
    let mut mistakes = text.mistakes.clone();
    // A message is treated wrongly twice at the most.
    for _ in 0..3 {
        if let Some(mistake) = judged(&undone) {
            mistakes.extend(mistake);
            return Some(Text { text: Zeroizing::new(undone.into_owned()), mistakes });
        }
        let (next, mistake) = untreated(&undone)?;
        mistakes.push(mistake);
        undone = Cow::Owned(next);
    }
    None
}

/// Whether it is an object, and which mistake that object is.
#[expect(clippy::option_option, reason = "no object, a right one, a wrong one")]
fn judged(text: &str) -> Option<Option<Mistake>> {
    let members = Members::parse(text).ok()?;
    let envelope = members.raw("encData").is_ok_and(|raw| raw.is_some());
    Some(envelope.then_some(Mistake::WholeEnvelope))
}

/// The text before the first treatment that can be told.
fn untreated(text: &str) -> Option<(String, Mistake)> {
    let trimmed = text.trim();
    if let Ok(inner) = serde_json::from_str::<String>(trimmed) {
        return Some((inner, Mistake::JsonTwice));
    }
    if let Ok(items) = serde_json::from_str::<Vec<Box<serde_json::value::RawValue>>>(trimmed)
        && let [only] = &items[..]
        && judged(only.get()).flatten() == Some(Mistake::WholeEnvelope)
    {
        return Some((only.get().to_owned(), Mistake::WholeEnvelope));
    }
    if trimmed.starts_with("{\\\"") {
        return Some((trimmed.replace("\\\"", "\"").replace("\\\\", "\\"), Mistake::Escaped));
    }
    if trimmed.starts_with("%7B") || trimmed.starts_with("%7b") {
        return Some((percent_decoded(&trimmed.replace('+', " "))?, Mistake::UrlEncoded));
    }
    if trimmed.contains("&quot;") {
        let plain =
            trimmed.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        return Some((plain, Mistake::HtmlEscaped));
    }
    if trimmed.starts_with("{'") {
        return Some((trimmed.replace('\'', "\"").replace("None", "null"), Mistake::SingleQuotes));
    }
    None
}

/// What a text is that never was JSON.
pub(crate) fn kind(text: &str) -> Option<Mistake> {
    let trimmed = text.trim();
    let name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let form = || trimmed.split('&').all(|pair| pair.split_once('=').is_some_and(|(left, _)| name(left)));
    if trimmed.starts_with('<') && trimmed.ends_with('>') {
        Some(Mistake::Xml)
    } else if trimmed.contains('=') && form() {
        Some(Mistake::Form)
    } else {
        None
    }
}

/// Whether this is a text and no accident: nothing in it that nobody types.
pub(crate) fn is_text(text: &str) -> bool {
    let strange = |c: char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || c == '\u{FFFD}';
    !text.trim().is_empty() && !text.contains(strange)
}

/// Whether a message, or what somebody made of one, could begin with this block.
pub(crate) fn is_beginning(block: &[u8]) -> bool {
    let marked = [&[0xEF, 0xBB, 0xBF][..], &[0xFF, 0xFE], &[0xFE, 0xFF]];
    if marked.iter().any(|mark| block.starts_with(mark)) {
        return true;
    }
    let visible: Vec<u8> = match block {
        // UTF-16 of Latin letters.
        [first, 0, ..] if *first != 0 => block.iter().copied().step_by(2).collect(),
        [0, second, ..] if *second != 0 => block.iter().copied().skip(1).step_by(2).collect(),
        _ => block.to_vec(),
    };
    let typed = |byte: &u8| *byte >= b' ' && *byte != 0x7F || matches!(*byte, b'\n' | b'\r' | b'\t');
    // A message shorter than a block has its padding there already.
    let written = visible.iter().take_while(|byte| typed(byte)).count();
    let opens = visible.iter().find(|byte| !byte.is_ascii_whitespace());
    let quoted = opens.is_some_and(|byte| b"{[\"'<%".contains(byte))
        && (written >= 8 || written >= 2 && is_padding(&visible[written..]));
    let plain = visible.iter().all(u8::is_ascii_graphic);
    quoted || plain
}

fn is_padding(rest: &[u8]) -> bool {
    rest.last().is_some_and(|last| *last == 0 || usize::from(*last) == rest.len())
}

fn utf16(bytes: &[u8]) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let (bytes, big) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (rest, false),
        [0xFE, 0xFF, rest @ ..] => (rest, true),
        [first, 0, ..] if *first != 0 => (bytes, false),
        [0, second, ..] if *second != 0 => (bytes, true),
        _ => return None,
    };
    let pairs = bytes.as_chunks::<2>().0.iter();
    let units: Vec<u16> =
        pairs.map(|pair| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) }).collect();
    String::from_utf16(&units).ok()
}

/// UTF-8 in which what needs two units in UTF-16 was written unit by unit, three bytes each.
fn cesu8(bytes: &[u8]) -> Option<String> {
    let mut out = String::new();
    let mut rest = bytes;
    let mut split = false;
    while let Some(first) = rest.first() {
        if let [
            0xED,
            high @ 0xA0..=0xAF,
            low_bits @ 0x80..=0xBF,
            0xED,
            second @ 0xB0..=0xBF,
            last @ 0x80..=0xBF,
            after @ ..,
        ] = rest
        {
            let unit = |bits: u8, last: u8| (u32::from(bits & 0x0F) << 6) | u32::from(last & 0x3F);
            out.push(char::from_u32(0x1_0000 + (unit(*high, *low_bits) << 10) + unit(*second, *last))?);
            rest = after;
            split = true;
            continue;
        }
        let length = match first {
            0x00..=0x7F => 1,
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            _ => 4,
        };
        let (one, after) = rest.split_at_checked(length)?;
        out.push_str(std::str::from_utf8(one).ok()?);
        rest = after;
    }
    split.then_some(out)
}
