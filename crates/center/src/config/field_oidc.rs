//! How the settings of the provider are read and written back.

use super::field::{Field, text};
use super::oidc::Issuer;
use super::setting::{Form, Given, quoted};

impl Field for Issuer {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(text(given)?)
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.as_str())
    }
}
