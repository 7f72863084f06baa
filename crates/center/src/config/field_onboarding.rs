//! How the settings of applications and feedback forms are read and written back.

use yanmi_papers::feedback::CenterUrl;

use super::field::{Field, text, wrong_form};
use super::onboarding::{CenterUrls, Holidays, PrintedText, TestCenterKeys};
use super::setting::{Form, Given, quoted};

impl Field for Holidays {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(text(given)?).ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.0.iter().map(u32::to_string).collect::<Vec<_>>().join(","))
    }
}

impl Field for CenterUrls {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(text(given)?)
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.0.iter().map(CenterUrl::as_str).collect::<Vec<_>>().join(","))
    }
}

impl Field for TestCenterKeys {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(given.folder, text(given)?)
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.0.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>().join(","))
    }
}

impl<const MOST: usize> Field for PrintedText<MOST> {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(text(given)?).ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.as_str())
    }
}
