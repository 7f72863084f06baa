//! Which text may be shown to a person.
//!
//! What an institution sends as its name appears on the phone of somebody who is about to enter a password.
//! Control characters and the marks that reorder or hide text would let it show something it did not send,
//! so they are refused at the door (reading of 1.7.1).

/// The first character of `text` that must not be shown to a person, if there is one.
///
/// Refused are control characters (line breaks among them), the bidirectional controls, and the invisible
/// characters that let two different texts look the same.
pub fn first_deceptive_character(text: &str) -> Option<char> {
    text.chars().find(|c| is_deceptive(*c))
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}'                  // soft hyphen
            | '\u{034F}'                // combining grapheme joiner
            | '\u{061C}'                // Arabic letter mark
            | '\u{115F}' | '\u{1160}'   // Hangul fillers
            | '\u{17B4}' | '\u{17B5}'   // Khmer inherent vowels
            | '\u{180B}'..='\u{180F}'   // Mongolian separators
            | '\u{200B}'..='\u{200F}'   // zero-width characters, direction marks
            | '\u{2028}'..='\u{202E}'   // line and paragraph separator, embeddings and overrides
            | '\u{2060}'..='\u{206F}'   // word joiner, isolates, deprecated controls
            | '\u{3164}' | '\u{FFA0}'   // Hangul fillers
            | '\u{FE00}'..='\u{FE0F}'   // variation selectors
            | '\u{FEFF}'                // byte-order mark
            | '\u{FFF0}'..='\u{FFFB}'   // interlinear annotation
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}' // tags, further variation selectors
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_pass_and_tricks_do_not() {
        for good in ["福州示范医院", "𠮷林医院", "St. Mary’s（一院）", "A-1 药店·总店"]
        {
            assert_eq!(first_deceptive_character(good), None, "{good}");
        }
        for bad in ['\u{202E}', '\n', '\0', '\u{200B}', '\u{FEFF}', '\u{E0041}', '\u{2067}', '\u{85}'] {
            assert_eq!(first_deceptive_character(&format!("医院{bad}")), Some(bad));
        }
    }
}
