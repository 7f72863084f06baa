//! Why nothing could be plugged in.

use std::fmt;

/// A vendor's file that cannot be loaded, or does not have its function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadError {
    /// The setting and what is wrong with it, in Chinese.
    pub message: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LoadError {}
