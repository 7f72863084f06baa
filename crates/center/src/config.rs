//! Configuration: one TOML file, every value documented, bounded and traceable.
//!
//! A center is set up by people who read error messages at night. So the file is read strictly, and what is
//! wrong with it is said completely: every problem at once, each with its line, its key, what would be
//! accepted, and, for a key that does not exist, the one that was probably meant.
//!
//! There is one table of settings ([`settings`]). A row is the key, its unit, default and bounds, what it
//! does and why the bounds are what they are, and the field of [`Config`] it fills. Reading a file,
//! `yanmi check` ([`Config::explain`]), the reference page and the sample file ([`reference_page`],
//! [`sample_file`]) are all walks over that table, so they cannot disagree; tests compare the two checked-in
//! files with it.
//!
//! Tests and the sandbox need no file: [`Config::new`] takes the few values without a default, and the fields
//! are public. [`Config::problems`] then checks what a file would have been checked for across settings.
//!
//! Secrets never stand in the file itself. They come from a file of their own or from an environment
//! variable, and are shown as their key-check value only.

mod alarm_target;
mod codes;
mod consistent;
mod error;
mod face;
mod field;
mod field_address;
mod field_onboarding;
mod limits;
mod nearest;
mod oidc;
mod onboarding;
mod password_file;
mod path_prefix;
mod postgres;
mod read;
mod reference;
mod retention;
mod row;
mod secret;
mod setting;
mod table;
mod table_alarms;
mod table_console;
mod table_limits;
mod table_onboarding;
mod table_policy;
mod table_retention;
mod values;

use std::path::Path;

pub use alarm_target::{AlarmTarget, SyslogAddress, SyslogTransport};
pub use error::{ConfigError, Problem};
pub use face::{Face, Faces, Listen};
pub use limits::Limits;
pub use oidc::{Issuer, MAX_BUTTON, MAX_CLIENT_ID, Oidc};
pub use onboarding::{CenterUrls, Holidays, MAX_TEST_CENTERS, Onboarding, PrintedText, TestCenterKeys};
pub use password_file::PasswordFile;
pub use path_prefix::PathPrefix;
pub use postgres::{PostgresSettings, PostgresTls};
pub use read::MAX_FILE;
pub use reference::{reference_page, sample_file};
pub use retention::Retention;
pub use setting::{Form, Presence, Setting, Unit};
pub use table::settings;
pub use values::{
    Config, Database, Delivery, Essentials, Insured, Line, Log, LogLevel, National, Origin, OutboundRules,
    RequestPrefix,
};

pub(crate) use oidc::is_this_machine;
pub(crate) use secret::private_text as read_private;
use values::Effective;

impl Config {
    /// The defaults around what has none, for tests and the sandbox: no listener, and the database
    /// `yanmi.sqlite` in `folder`.
    pub fn new(essentials: Essentials, folder: &Path) -> Self {
        let mut config = read::defaults(essentials, folder);
        // A fixed port would be in the way of whoever starts several centers on one machine.
        config.listen.operations.address = None;
        config
    }

    /// Reads a configuration file. `env` answers for environment variables; an empty one counts as absent.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        read::load(path, env)
    }

    /// Reads a configuration from its text. `file` is its name for messages, and its folder is where relative
    /// paths begin.
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub fn parse(text: &str, file: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        read::parse(text, file, env)
    }

    /// What contradicts itself between settings. Empty for every configuration that came from a file; for one
    /// changed in code, worth asserting.
    pub fn problems(&self) -> Vec<String> {
        consistent::problems(self).into_iter().map(|problem| problem.message).collect()
    }

    /// What is allowed but deserves a second look, in the operator's words; to be logged at the start.
    pub fn warnings(&self) -> Vec<String> {
        consistent::warnings(self)
    }

    /// The effective value of every setting and where it came from, in the order of the reference page.
    pub fn explain(&self) -> Vec<Line> {
        let known = |(setting, known): (&'static Setting, &Effective)| {
            let value = (setting.show)(self, &setting.form);
            let origin = if value == known.value { known.origin.clone() } else { Origin::Code };
            Line { key: setting.key, value, origin }
        };
        settings().zip(&self.origins).map(known).collect()
    }
}

#[cfg(test)]
mod tests;
