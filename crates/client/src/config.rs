//! The client's configuration: from TOML or JSON, every problem told at once, in Chinese, by the member's name.
//!
//! Keys may stand in the text, in a file of their own, or in the environment; two places for one key are refused,
//! because then nobody knows which counts. A file that a key stands in, whichever, is its owner's alone. Relative paths are relative to the configuration's folder.

mod document;
mod problem;
mod read;
mod table;

use std::path::Path;

pub use document::{Document, MAX_CONFIG_BYTES, read_table};
pub use problem::{ConfigError, Problem};
pub use read::{Number, Table};
pub use table::{Environment, KEY_VARIABLE, MAX_ADDRESSES, VISITS_KEY_VARIABLE};

pub use crate::gate::StatusSerial;
pub use crate::settings::{
    Account, CenterSettings, ClientConfig, Institution, MacUse, Order, VisitsSettings,
    plain_beyond_this_machine,
};

/// The process's environment, for [`ClientConfig::load`] and its siblings.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl ClientConfig {
    /// Reads a file: JSON when its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn load(path: &Path, env: Environment<'_>) -> Result<Self, ConfigError> {
        Document::load(path)?.read(env)
    }

    /// Reads TOML. `folder` is what relative paths are relative to.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_toml(text: &str, folder: &Path, env: Environment<'_>) -> Result<Self, ConfigError> {
        Document::of_toml(text, folder)?.read(env)
    }

    /// Reads JSON, with the members of the TOML form.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_json(text: &str, folder: &Path, env: Environment<'_>) -> Result<Self, ConfigError> {
        Document::of_json(text, folder)?.read(env)
    }
}

#[cfg(test)]
mod tests;
