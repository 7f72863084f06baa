//! A password from a file of its own.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::secret;

/// A password that was read from a file of its own. `Debug` shows only where.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordFile {
    pub(super) path: PathBuf,
    pub(super) password: Zeroizing<String>,
}

impl fmt::Debug for PasswordFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordFile({})", self.path.display())
    }
}

impl PasswordFile {
    /// Reads a password file: one line, and not open to every user of the machine.
    ///
    /// # Errors
    /// What is wrong with it, in the operator's words.
    pub fn read_from(path: PathBuf) -> Result<Self, String> {
        let password = secret::password(&path)?;
        Ok(Self { path, password })
    }

    /// The password.
    pub fn password(&self) -> &Zeroizing<String> {
        &self.password
    }
}
