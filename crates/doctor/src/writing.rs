//! How the bytes are written: what a text may mean, and what was done wrong on the way there.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::diagnosis::Diagnosis;
use crate::mistake::Mistake;

/// Bytes that a text may stand for.
pub(crate) struct Reading {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mistakes: Vec<Mistake>,
    /// A digit was left over: it was cut.
    pub(crate) odd: bool,
}

/// Decimal bytes as `Arrays.toString` writes them are at most five characters each; shorter lists are no cipher text.
const LEAST_DECIMALS: usize = 16;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// Everything the text may stand for, at most a dozen.
pub(crate) fn readings(text: &str) -> Vec<Reading> {
    let mut out = Vec::new();
    let (clean, mistakes) = cleaned(text);
    if let Some(bytes) = decimals(&clean) {
        out.push(Reading { bytes, mistakes: vec![Mistake::Decimals], odd: false });
    }
    if let Some(bytes) = separated(&clean) {
        let mistakes = [&mistakes[..], &[Mistake::Separated]].concat();
        out.push(Reading { bytes, mistakes, odd: false });
    }
    if clean.contains(' ') && !clean.contains(['\n', '\r', '\t']) {
        let plus = clean.replace(' ', "+");
        decoded(&plus, &[&mistakes[..], &[Mistake::PlusLost]].concat(), &mut out);
    }
    let squeezed: String = clean.chars().filter(|c| !c.is_whitespace()).collect();
    let mistakes = if squeezed == clean { mistakes } else { [&mistakes[..], &[Mistake::Spaced]].concat() };
    decoded(&squeezed, &mistakes, &mut out);
    out
}

/// What stands around and between is taken away: each of it can be told with certainty.
fn cleaned(text: &str) -> (String, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    let mut clean = text.trim().to_owned();
    let percent = percent_decoded(&clean);
    if let Some(decoded) = percent {
        clean = decoded;
        mistakes.push(Mistake::PercentEncoded);
    }
    let escaped = clean.starts_with("\\\"");
    let bare = clean.trim_matches(|c| matches!(c, '"' | '\'' | '“' | '”') || (escaped && c == '\\'));
    if bare.len() != clean.len() {
        clean = bare.trim().into();
        mistakes.push(Mistake::Quoted);
    }
    for prefix in ["0x", "0X", "\\x"] {
        // "0x" is no beginning of hexadecimal, and hardly one of Base64.
        if let Some(rest) = clean.strip_prefix(prefix) {
            // `0xAB,0xCD` and `\xAB\xCD` repeat it.
            clean = rest.replace(prefix, "");
            mistakes.push(Mistake::Prefixed);
            break;
        }
    }
    (clean, mistakes)
}

/// The bytes of hexadecimal and Base64, once and twice.
fn decoded(text: &str, before: &[Mistake], out: &mut Vec<Reading>) {
    let mut add = |bytes: Vec<u8>, mistake: Option<Mistake>| {
        let mistakes = before.iter().copied().chain(mistake).collect();
        out.push(Reading { bytes, mistakes, odd: false });
    };
    if let Some(bytes) = from_base64(text) {
        if let Some(inner) = ascii(&bytes) {
            if let Some(bytes) = from_hex(inner) {
                add(bytes, Some(Mistake::Base64OfHex));
            }
            if let Some(bytes) = from_base64(inner) {
                add(bytes, Some(Mistake::Base64Twice));
            }
        }
        add(bytes, Some(if text.contains(['-', '_']) { Mistake::Base64Url } else { Mistake::Base64 }));
    }
    let Some(bytes) = from_hex(text) else { return };
    if let Some(inner) = ascii(&bytes) {
        if let Some(bytes) = from_hex(inner) {
            add(bytes, Some(Mistake::HexTwice));
        }
        if let Some(bytes) = from_base64(inner) {
            add(bytes, Some(Mistake::HexOfBase64));
        }
    }
    if let Some(bytes) = from_latin1(&bytes) {
        add(bytes, Some(Mistake::Latin1));
    }
    let odd = !text.len().is_multiple_of(2);
    out.push(Reading { bytes, mistakes: before.to_vec(), odd });
}

/// A text whose bytes are lost: decoding put a mark in the place of what was no UTF-8.
pub(crate) fn damage(text: &str) -> Option<Diagnosis> {
    /// Marks that are no accident of a cipher text.
    const MARKS: usize = 3;
    let in_bytes = |bytes: &[u8]| bytes.windows(3).filter(|mark| *mark == [0xEF, 0xBF, 0xBD]).count();
    let raw = text.matches('\u{FFFD}').count();
    let written = readings(text).iter().map(|reading| in_bytes(&reading.bytes)).max().unwrap_or(0);
    (raw.max(written) >= MARKS).then(|| Diagnosis {
        mistakes: vec![Mistake::Damaged],
        plain: None,
        flaw: None,
    })
}

fn ascii(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()).map(str::trim)
}

/// The bytes of hexadecimal digits; one too many, as in a cut print, is left out.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return None;
    }
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    Some(digits?.chunks_exact(2).map(|pair| (pair[0] << 4) | pair[1]).collect())
}

/// The bytes of Base64, with either pair of marks, padded or not.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let marks = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let bytes = GeneralPurpose::new(marks, LENIENT).decode(text).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

fn from_latin1(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_ascii())?;
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// `[18, -5, 127]`, with or without brackets.
fn decimals(text: &str) -> Option<Vec<u8>> {
    let inner = text.trim_matches(['[', ']', '{', '}']);
    let numbers: Option<Vec<i16>> = inner.split(',').map(|number| number.trim().parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.len() >= LEAST_DECIMALS)?;
    let byte = |number: i16| u8::try_from(if number < 0 { number + 256 } else { number }).ok();
    numbers.into_iter().map(byte).collect()
}

/// Two digits, a mark, two digits, …, the mark always the same.
fn separated(text: &str) -> Option<Vec<u8>> {
    let mark = text.chars().nth(2).filter(|c| matches!(c, '-' | ':' | ',' | '_' | '|'))?;
    let groups: Option<Vec<Vec<u8>>> =
        text.split(mark).map(|group| from_hex(group.trim()).filter(|bytes| bytes.len() == 1)).collect();
    groups.map(|groups| groups.concat())
}

/// The text without `%XX`; nothing when there is none of it.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let (pair, after) = after.split_at_checked(2)?;
            out.push(*from_hex(std::str::from_utf8(pair).ok()?)?.first()?);
            rest = after;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    String::from_utf8(out).ok()
}
