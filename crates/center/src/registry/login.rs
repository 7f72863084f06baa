//! What an operator logs in as.

use std::fmt;

use crate::store::StoreError;
use crate::store::row::Columns;

/// 2 to 32 lower-case letters, digits, `.`, `_` or `-`, beginning with a letter or digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Login {
    bytes: [u8; MAX],
    len: u8,
}

const MAX: usize = 32;

/// A text that is no login.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("登录名应为 2 至 {MAX} 位小写字母、数字或 . _ -，以字母或数字开头")]
pub struct LoginError;

impl Login {
    /// Reads one; capitals are read as small letters, as people type them.
    ///
    /// # Errors
    /// When it is not of the form.
    pub fn new(text: &str) -> Result<Self, LoginError> {
        let text = text.trim().to_ascii_lowercase();
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if !(2..=MAX).contains(&text.len()) || !begins || !text.bytes().all(fits) {
            return Err(LoginError);
        }
        let mut bytes = [0; MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len: u8::try_from(text.len()).map_err(|_| LoginError)? })
    }

    /// As it is stored and shown.
    pub fn as_str(&self) -> &str {
        // It was a text, and is as long as it says.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The login a column holds.
pub(super) fn read_login(columns: &mut Columns<'_>) -> Result<Login, StoreError> {
    Login::new(columns.text()?).map_err(|_| columns.impossible("登录名格式不对"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_a_short_name_in_small_letters() {
        assert_eq!(Login::new(" Zhang.San ").expect("a login").as_str(), "zhang.san");
        for text in ["", "a", ".a", "张三", "a b", &"a".repeat(33)] {
            assert_eq!(Login::new(text), Err(LoginError), "{text}");
        }
        assert_eq!(Login::new(&"a".repeat(32)).expect("a login").as_str().len(), 32);
    }
}
