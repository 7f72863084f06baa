//! The numbers of papers: a letter for the kind, the region, the year and a sequence, as in `F350000-2026-000123`.

use std::fmt;

use yanmi_protocol::Region;

/// Digits a sequence is filled up to, and may have at most.
const SEQUENCE_DIGITS: (usize, usize) = (6, 9);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Number {
    region: Region,
    year: u16,
    sequence: u32,
}

impl Number {
    fn new(region: Region, year: u16, sequence: u32) -> Option<Self> {
        ((1_000..=9_999).contains(&year) && (1..1_000_000_000).contains(&sequence)).then_some(Self {
            region,
            year,
            sequence,
        })
    }

    fn read(letter: char, text: &str) -> Option<Self> {
        let (region, rest) = text.strip_prefix(letter)?.split_once('-')?;
        let (year, sequence) = rest.split_once('-')?;
        let (least, most) = SEQUENCE_DIGITS;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let long = sequence.len() > least;
        let fits = year.len() == 4
            && (least..=most).contains(&sequence.len())
            && digits(year)
            && digits(sequence)
            // One text for one number: what is longer than it has to be begins with no zero.
            && !(long && sequence.starts_with('0'));
        let region = Region::new(region).ok().filter(|_| fits)?;
        Self::new(region, year.parse().ok()?, sequence.parse().ok()?)
    }

    fn write(self, letter: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{letter}{}-{}-{:06}", self.region.as_str(), self.year, self.sequence)
    }
}

/// A text that is no number of this kind of paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberError {
    /// What is expected, with an example.
    pub expected: &'static str,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "应为{}", self.expected)
    }
}

impl std::error::Error for NumberError {}

/// Declares a kind of number: documentation, name, letter, what is expected.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $letter:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Number);

        impl $name {
            /// What a number of this kind looks like, in Chinese.
            pub const EXPECTED: &'static str = $expected;

            /// The number of this region, this year of four digits and this sequence of 1 to 999,999,999; nothing for others.
            pub fn new(region: Region, year: u16, sequence: u32) -> Option<Self> {
                Number::new(region, year, sequence).map(Self)
            }

            /// Reads a number. Each has one text.
            ///
            /// # Errors
            /// [`NumberError`] for anything else.
            pub fn read(text: &str) -> Result<Self, NumberError> {
                Number::read($letter, text).map(Self).ok_or(NumberError { expected: $expected })
            }

            /// 省级医保区划代码 it was given in.
            pub const fn region(&self) -> Region {
                self.0.region
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write($letter, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

number! {
    /// 申请编号: of an application, in all its rounds.
    ApplicationNo, 'A', "申请编号，如 A350000-2026-000123"
}

number! {
    /// 反馈表编号: of one edition of a feedback form.
    FeedbackNo, 'F', "反馈表编号，如 F350000-2026-000123"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_text() {
        let region = Region::new("350000").expect("a region");
        for (year, sequence, text) in [
            (2026, 123, "F350000-2026-000123"),
            (1_000, 999_999, "F350000-1000-999999"),
            (9_999, 1_000_000, "F350000-9999-1000000"),
            (2026, 999_999_999, "F350000-2026-999999999"),
        ] {
            let number = FeedbackNo::new(region, year, sequence).expect("a number");
            assert_eq!(number.to_string(), text);
            assert_eq!(FeedbackNo::read(text), Ok(number));
            assert_eq!(number.region(), region);
        }
        for (year, sequence) in [(999, 1), (10_000, 1), (2026, 0), (2026, 1_000_000_000)] {
            assert_eq!(FeedbackNo::new(region, year, sequence), None);
        }
        for text in [
            "",
            "A350000-2026-000123",
            "f350000-2026-000123",
            "F35000-2026-000123",
            "F350000-2026-00123",
            "F350000-2026-0000123",
            "F350000-2026-000000",
            "F350000-0026-000123",
            "F350000-2026-+00123",
            "F350000-2026-000123 ",
            "F350000-2026-1234567890",
        ] {
            assert!(FeedbackNo::read(text).is_err(), "{text:?}");
        }
        assert!(ApplicationNo::read("A350000-2026-000123").is_ok());
    }
}
