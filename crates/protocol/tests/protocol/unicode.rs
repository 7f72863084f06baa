//! What is wrong with a shown name by Unicode's own tables. They know nothing of the list that the encoder goes by, and
//! the encoder nothing of them. The tests of the protocol and the targets in `fuzz` share this file.

use unicode_bidi::BidiClass;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use yanmi_protocol::display::{MARK, MAX_NAME, check, encode};

/// What a name ends with that was cut.
const CUT: char = '…';
/// Marks over one letter, at most.
const MAX_MARKS: usize = 5;

/// What holds of every text.
pub(crate) fn holds(text: &str) -> Result<(), String> {
    let shown = encode(text).into_owned();
    if let Some(why) = fault(&shown) {
        return Err(format!("{text:?} is shown as {shown:?}: {why}"));
    }
    if shown != text && encode(&shown) != shown {
        return Err(format!("{text:?} becomes {shown:?} and then another"));
    }
    match check(text) {
        Ok(()) if shown == text => Ok(()),
        Ok(()) => Err(format!("{text:?} passes and is shown as {shown:?}")),
        Err(trick) if trick.to_string().is_empty() => Err(format!("{text:?} is refused without a word")),
        Err(_) if shown == text && !text.is_empty() && !text.contains([MARK, '…']) => {
            Err(format!("{text:?} is refused and shown"))
        }
        Err(_) => Ok(()),
    }
}

/// Why a text is not to be shown to a person; nothing when it is.
fn fault(shown: &str) -> Option<String> {
    let body = shown.strip_suffix(CUT).unwrap_or(shown);
    if shown.chars().count() > MAX_NAME {
        return Some("too long".to_owned());
    }
    if shown.starts_with(' ') || shown.ends_with(' ') || shown.contains("  ") {
        return Some("blanks".to_owned());
    }
    let kinds: Vec<u8> = body.chars().filter_map(kind).collect();
    if kinds.windows(2).any(|two| two[0] != two[1]) {
        return Some(format!("letters of two kinds in {shown:?}"));
    }
    let mut marks = None;
    for c in body.chars().filter(|c| *c != MARK) {
        if let Some(why) = alone(c) {
            return Some(format!("U+{:04X}: {why}", u32::from(c)));
        }
        marks = match (is_stacked(c), marks) {
            (false, _) => is_tibetan(c).then_some(0),
            (true, Some(count)) if count < MAX_MARKS => Some(count + 1),
            (true, _) => {
                return Some(format!("U+{:04X}: a mark without a letter, or one too many", u32::from(c)));
            }
        };
    }
    None
}

/// What is wrong with a character wherever it stands.
fn alone(c: char) -> Option<&'static str> {
    use BidiClass::{CS, EN, ES, ET, L, NSM, ON, WS};
    use GeneralCategory::{
        Control, CurrencySymbol, EnclosingMark, Format, LetterNumber, LineSeparator, ModifierLetter,
        ModifierSymbol, OtherNumber, OtherSymbol, ParagraphSeparator, PrivateUse, Surrogate, Unassigned,
    };
    match c.general_category() {
        Control | Format | LineSeparator | ParagraphSeparator => return Some("is not seen"),
        PrivateUse | Surrogate | Unassigned => return Some("is no character"),
        // The one number that is a Chinese character.
        LetterNumber if c == '〇' => {}
        // The one syllable of Yi that is also a sign of repetition.
        ModifierLetter if c == '\u{A015}' => {}
        EnclosingMark | ModifierSymbol | ModifierLetter | OtherSymbol | CurrencySymbol | LetterNumber
        | OtherNumber => return Some("is no letter"),
        _ => {}
    }
    if matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}') {
        return Some("is a letter that is not seen");
    }
    if is_stacked(c) && !is_tibetan(c) {
        return Some("is a mark over others");
    }
    if !matches!(unicode_bidi::bidi_class(c), L | EN | ES | ET | CS | NSM | WS | ON) {
        return Some("turns others around");
    }
    let wide = matches!(c, '\u{FF01}'..='\u{FF5E}');
    let twin = !wide && !c.nfkc().eq([c]);
    twin.then_some("is another character written otherwise")
}

/// Whether it stands over or under the letter before it.
fn is_stacked(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(c.general_category(), NonspacingMark | EnclosingMark | SpacingMark)
}

fn is_tibetan(c: char) -> bool {
    matches!(c, '\u{0F00}'..='\u{0FFF}')
}

/// The kind of a letter that is no Chinese character.
fn kind(c: char) -> Option<u8> {
    use GeneralCategory::{LowercaseLetter, OtherLetter, TitlecaseLetter, UppercaseLetter};
    match c.general_category() {
        UppercaseLetter | LowercaseLetter | TitlecaseLetter => Some(b'a'),
        OtherLetter if is_tibetan(c) => Some(b't'),
        OtherLetter if matches!(c, '\u{A000}'..='\u{A4CF}') => Some(b'y'),
        OtherLetter if matches!(c, '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7FF}') => Some(b'h'),
        _ => None,
    }
}
