//! A person's document number, in the one form by which it is counted, keyed, looked up and asked about (E16).
//!
//! One document is one person's however it is written: with blanks around it, with full-width digits of a Chinese keyboard,
//! with a small `x` for the check digit. Whoever counted spellings would give each of them tries of its own.

/// The document type of the resident identity card (1.8.1).
pub const IDENTITY_CARD: &str = "01";

/// The number as it is counted: without blanks around it, in half-width characters, its letters in upper case.
pub fn canonical_number(written: &str) -> String {
    let half = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    };
    // A letter whose capital is two letters stays as it is: no number becomes longer than it was.
    let upper = |c: char| {
        let mut capital = c.to_uppercase();
        if capital.len() == 1 { capital.next().unwrap_or(c) } else { c }
    };
    written.trim().chars().map(half).map(upper).collect()
}

/// Whether a number in this form can be one of a document of this type: that of an identity card has fifteen digits, or
/// seventeen and a digit or X. No check digit is demanded: the specification's own sample has a wrong one.
pub fn fits(id_type: &str, canonical: &str) -> bool {
    if id_type != IDENTITY_CARD {
        return !canonical.is_empty();
    }
    let bytes = canonical.as_bytes();
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    match bytes {
        [first @ .., last] if bytes.len() == 18 => digits(first) && (last.is_ascii_digit() || *last == b'X'),
        _ => bytes.len() == 15 && digits(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_document_has_one_number_however_it_is_written() {
        for written in [
            "35050119991117351X",
            "35050119991117351x",
            " 35050119991117351X\t",
            "\u{3000}35050119991117351x\u{A0}",
            "３５０５０１１９９９１１１７３５１Ｘ",
            "３５０５０１１９９９１１１７３５１ｘ",
        ] {
            assert_eq!(canonical_number(written), "35050119991117351X", "{written}");
            assert!(fits("01", &canonical_number(written)));
        }
        assert_eq!(canonical_number("h12345678"), "H12345678");
        assert_eq!(canonical_number("é12ß"), "É12ß");
    }

    #[test]
    fn an_identity_card_has_fifteen_or_eighteen_characters() {
        for good in ["350501199911173510", "35050119991117351X", "350501991117351"] {
            assert!(fits("01", good), "{good}");
        }
        for bad in [
            "",
            "35050119991117351",
            "3505011999111735101",
            "X50501199911173510",
            "35050119991117351Y",
            "35050199111735X",
            "350501 991117351",
        ] {
            assert!(!fits("01", bad), "{bad}");
        }
        assert!(fits("08", "E12345678") && !fits("08", ""));
    }
}
