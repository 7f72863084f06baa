//! 统一社会信用代码 (GB 32100-2015): by which an applicant is known.

use std::fmt;

/// Characters of a code.
const LENGTH: usize = 18;
/// The characters there are, in the order of their values: no I, O, S, V and Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A 统一社会信用代码 whose last character is the check character of the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode([u8; LENGTH]);

/// A text that is no such code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CreditCodeError {
    /// It is not 18 digits or capital letters, or has a letter that no code has.
    Form,
    /// Its check character is another: something was typed wrongly.
    Check,
}

impl fmt::Display for CreditCodeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Form => "统一社会信用代码应为 18 位数字或大写字母（没有 I、O、S、V、Z）",
            Self::Check => "统一社会信用代码的校验位不对：请核对有没有输错",
        })
    }
}

impl std::error::Error for CreditCodeError {}

impl CreditCode {
    /// Reads one; small letters are read as capitals, as people type them.
    ///
    /// # Errors
    /// When it is not of the form, or its check character is another.
    pub fn new(text: &str) -> Result<Self, CreditCodeError> {
        let text = text.trim().to_ascii_uppercase();
        let bytes: [u8; LENGTH] = text.as_bytes().try_into().map_err(|_| CreditCodeError::Form)?;
        let value = |byte: &u8| ALPHABET.iter().position(|known| known == byte);
        let values: Option<Vec<usize>> = bytes.iter().map(value).collect();
        let values = values.ok_or(CreditCodeError::Form)?;
        // The weights are the powers of 3.
        let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
        let sum: usize =
            values.iter().zip(weights).take(LENGTH - 1).map(|(value, weight)| value * weight).sum();
        if values.last() == Some(&((31 - sum % 31) % 31)) {
            Ok(Self(bytes))
        } else {
            Err(CreditCodeError::Check)
        }
    }

    /// As it is stored and shown.
    pub fn as_str(&self) -> &str {
        // It is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_with_a_wrong_character_is_found_out() {
        // The example of the standard.
        let code = CreditCode::new(" 91350100m000100y43 ").expect("a code");
        assert_eq!(code.as_str(), "91350100M000100Y43");
        for text in
            ["", "91350100M000100Y4", "91350100M000100Y433", "91350100I000100Y43", "9135010０M000100Y4"]
        {
            assert_eq!(CreditCode::new(text), Err(CreditCodeError::Form), "{text}");
        }
        // Whatever single character is another, and whichever two neighbors change places.
        for at in 0..LENGTH {
            for other in ALPHABET {
                let mut bytes = code.0;
                if bytes[at] == *other {
                    continue;
                }
                bytes[at] = *other;
                let text = String::from_utf8(bytes.to_vec()).expect("ASCII");
                assert_eq!(CreditCode::new(&text), Err(CreditCodeError::Check), "{text}");
            }
            let mut bytes = code.0;
            if at > 0 && bytes[at] != bytes[at - 1] {
                bytes.swap(at - 1, at);
                let text = String::from_utf8(bytes.to_vec()).expect("ASCII");
                assert_eq!(CreditCode::new(&text), Err(CreditCodeError::Check), "{text}");
            }
        }
    }
}
