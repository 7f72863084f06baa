//! Money, as an exact decimal.

use std::fmt;
use std::str::FromStr;

/// Digits an amount may have before the point.
pub const MAX_INTEGER_DIGITS: i32 = 14;
/// Digits that count after the point: yuan, jiao and fen.
pub const MAX_FRACTION_DIGITS: i32 = 2;
/// Longest text taken as an amount, in bytes. Room for zeros nobody needs, not for a denial of service.
pub const MAX_TEXT_BYTES: usize = 64;
/// One more than the largest amount, in fen.
const FEN_LIMIT: i64 = 10_000_000_000_000_000;

/// An amount of money in yuan, held as a whole number of fen so that nothing is ever rounded (`totalAmount`, 预结算时医疗费总额, section 1.7.1): not negative, at most 14 digits
/// before and 2 after the point, exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    fen: i64,
}

/// Why a text is no [`Amount`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AmountError {
    /// It is not a decimal number, or longer than [`MAX_TEXT_BYTES`].
    NotANumber,
    /// There is a character in it that no decimal number has: its position, counted from 1, and what it is.
    Strange(usize, char),
    /// It has more than [`MAX_FRACTION_DIGITS`] digits after the point, and they are those that binary floating point
    /// leaves behind.
    FloatNoise,
    /// It is below zero.
    Negative,
    /// It has more than [`MAX_INTEGER_DIGITS`] digits before the point.
    TooLarge,
    /// It has more than [`MAX_FRACTION_DIGITS`] digits after the point that are not zero.
    TooFine,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "不是十进制数",
            Self::Strange(at, c) => {
                let hint = match c {
                    ',' | '，' => "：不要写千分位",
                    '¥' | '￥' | '元' | '$' => "：不要写货币单位",
                    '０'..='９' | '．' => "：不要写全角数字",
                    _ => "",
                };
                return write!(f, "不是十进制数，第 {at} 个字符为“{}”{hint}", c.escape_debug());
            }
            Self::FloatNoise => {
                "小数部分最多 2 位：尾数像是二进制浮点数的误差（如 0.1+0.2），请用十进制类型（BigDecimal、decimal）计算金额"
            }
            Self::Negative => "不能为负数",
            Self::TooLarge => "整数部分最多 14 位",
            Self::TooFine => "小数部分最多 2 位",
        })
    }
}

impl std::error::Error for AmountError {}

impl Amount {
    /// Nothing at all.
    pub const ZERO: Self = Self { fen: 0 };

    /// The amount of `fen` hundredths of a yuan.
    ///
    /// # Errors
    /// [`AmountError::Negative`] below zero, [`AmountError::TooLarge`] from 10¹⁴ yuan on.
    pub const fn from_fen(fen: i64) -> Result<Self, AmountError> {
        if fen < 0 {
            Err(AmountError::Negative)
        } else if fen >= FEN_LIMIT {
            Err(AmountError::TooLarge)
        } else {
            Ok(Self { fen })
        }
    }

    /// The amount in hundredths of a yuan.
    pub const fn fen(self) -> i64 {
        self.fen
    }

    /// The sum of both, or nothing when it is no longer an amount.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_fen(self.fen.checked_add(other.fen)?).ok()
    }
}

/// Reads a JSON number or a numeric string: `128.5`, `128.500`, `1.285e2`, and what Java's `BigDecimal` takes besides: `.5`,
/// `5.`, `+5`. Zeros that change nothing are taken on either side.
impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let shape = Shape::of(text).ok_or_else(|| strange(text))?;
        let fen = shape.fen()?;
        if shape.negative && fen != 0 { Err(AmountError::Negative) } else { Self::from_fen(fen) }
    }
}

/// A decimal number taken apart, with the zeros that mean nothing removed.
struct Shape<'a> {
    negative: bool,
    integer: &'a str,
    fraction: &'a str,
    exponent: i32,
}

impl<'a> Shape<'a> {
    fn of(text: &'a str) -> Option<Self> {
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if (integer.is_empty() && fraction.is_empty()) || !digits(integer) || !digits(fraction) {
            return None;
        }
        let integer = integer.trim_start_matches('0');
        Some(Self { negative, integer, fraction: fraction.trim_end_matches('0'), exponent })
    }

    /// The size of the number in hundredths, its sign left aside.
    fn fen(&self) -> Result<i64, AmountError> {
        let digits = format!("{}{}", self.integer, self.fraction);
        let digits = digits.trim_start_matches('0');
        let significant = digits.trim_end_matches('0');
        // How many places lie after the point when the zeros at the end are cut off; may be below zero.
        let cut = width(digits) - width(significant);
        let places = width(self.fraction) - self.exponent - cut;
        if significant.is_empty() {
            return Ok(0);
        }
        if places > MAX_FRACTION_DIGITS {
            let noise = self.exponent == 0 && is_noise(self.fraction);
            return Err(if noise { AmountError::FloatNoise } else { AmountError::TooFine });
        }
        if width(significant) - places > MAX_INTEGER_DIGITS {
            return Err(AmountError::TooLarge);
        }
        // At most 14 digits before the point and 2 after it are left: 16 in all, which fit.
        let number: i64 = significant.parse().map_err(|_| AmountError::TooLarge)?;
        (places..MAX_FRACTION_DIGITS).try_fold(number, |n, _| n.checked_mul(10)).ok_or(AmountError::TooLarge)
    }
}

/// What a text that is no number shows.
fn strange(text: &str) -> AmountError {
    let usual = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    match text.chars().enumerate().find(|(_, c)| !usual(*c)) {
        Some((at, c)) if text.len() <= MAX_TEXT_BYTES => AmountError::Strange(at + 1, c),
        _ => AmountError::NotANumber,
    }
}

/// Whether these digits are whole fen and a rest no larger than what a binary floating point number of this size is off by:
/// a double has some fifteen digits, so zeros or nines come first.
fn is_noise(fraction: &str) -> bool {
    /// Zeros or nines that are no accident.
    const RUN: usize = 6;
    let rest = fraction.as_bytes().get(2..).unwrap_or_default();
    rest.len() > RUN && (rest[..RUN].iter().all(|b| *b == b'0') || rest[..RUN].iter().all(|b| *b == b'9'))
}

/// The length of a text that [`MAX_TEXT_BYTES`] keeps short.
fn width(text: &str) -> i32 {
    i32::try_from(text.len()).unwrap_or(i32::MAX)
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}

/// Two decimals always: `128.50`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.fen / 100, self.fen % 100)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_and_what_they_mean() {
        use AmountError::{FloatNoise, Negative, NotANumber, Strange, TooFine, TooLarge};
        let table: &[(&str, Result<i64, AmountError>)] = &[
            ("128.50", Ok(12_850)),
            ("128.5000000", Ok(12_850)),
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("-0.00", Ok(0)),
            ("00012.3", Ok(1_230)),
            ("1.285e2", Ok(12_850)),
            ("1E2", Ok(10_000)),
            ("1200e-2", Ok(1_200)),
            ("0e999", Ok(0)),
            ("99999999999999.99", Ok(9_999_999_999_999_999)),
            ("100000000000000", Err(TooLarge)),
            ("1e14", Err(TooLarge)),
            ("1e9999", Err(TooLarge)),
            ("0.001", Err(TooFine)),
            ("1e-3", Err(TooFine)),
            ("-0.01", Err(Negative)),
            ("-5", Err(Negative)),
            ("", Err(NotANumber)),
            ("-", Err(NotANumber)),
            // What BigDecimal takes.
            (".5", Ok(50)),
            ("5.", Ok(500)),
            ("+5", Ok(500)),
            ("+.5e1", Ok(500)),
            (".", Err(NotANumber)),
            ("+", Err(NotANumber)),
            ("+-5", Err(NotANumber)),
            ("0.30000000000000004", Err(FloatNoise)),
            ("128.49999999999999", Err(FloatNoise)),
            ("1.125", Err(TooFine)),
            ("1.120001", Err(TooFine)),
            ("1e", Err(NotANumber)),
            ("1e99999", Err(NotANumber)),
            ("1 000", Err(Strange(2, ' '))),
            ("１２", Err(Strange(1, '１'))),
            ("1,000.00", Err(Strange(2, ','))),
            ("0x10", Err(Strange(2, 'x'))),
            ("NaN", Err(Strange(1, 'N'))),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Amount>().map(Amount::fen), *expected, "{text}");
        }
        let long = format!("1.{}", "0".repeat(MAX_TEXT_BYTES));
        assert_eq!(long.parse::<Amount>(), Err(NotANumber));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(fen in 0..FEN_LIMIT) {
            let amount = Amount::from_fen(fen).expect("within limits");
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,70}|[-0-9.eE]{0,20}") {
            let _ = text.parse::<Amount>();
        }
    }
}
