//! Times and amounts as people read them.

use yanmi_protocol::{Amount, UnixMillis};

/// A time of day as people read it: hours and minutes in Asia/Shanghai.
pub(crate) fn clock_text(at: UnixMillis) -> String {
    at.shanghai_text().get(11..16).unwrap_or_default().to_owned()
}

/// An amount as people read it: with a comma before every three digits, so that a zero too many is seen.
pub(super) fn grouped(amount: Amount) -> String {
    let text = amount.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    let mut out = String::with_capacity(text.len() + text.len() / 3);
    for (at, digit) in text.char_indices() {
        if at > 0 && at < whole && (whole - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        for (fen, text) in [
            (0, "0.00"),
            (12_850, "128.50"),
            (99_999, "999.99"),
            (100_000, "1,000.00"),
            (12_345_678_901, "123,456,789.01"),
        ] {
            assert_eq!(grouped(Amount::from_fen(fen).expect("an amount")), text);
        }
    }
}
