//! Why a sandbox could not be made or started.

use std::error::Error;
use std::fmt;

use yanmi_protocol::system::because;

/// A Chinese sentence, with everything behind it. It names folders, settings and parties, never a key or a person.
#[derive(Debug)]
pub struct SandboxError(String);

impl SandboxError {
    /// The sentence.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What was being done, and the error with its causes.
    pub fn because(what: &str, error: &(dyn Error + 'static)) -> Self {
        Self(because(what, error))
    }
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for SandboxError {}
