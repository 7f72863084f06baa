//! A configuration before it is read: TOML or JSON as one value, from which whoever has tables of its own (the C ABI,
//! the agent) takes them out before the rest is read here. So there is one reader, and one file for an institution.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;
use yanmi_protocol::member::{read_value, without_mark};

use super::problem::ConfigError;
use super::read::{Table, wipe};
use super::table::{self, Environment, Reading};
use crate::private::{self, PrivateError};
use crate::settings::ClientConfig;

/// Largest configuration, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 64 * 1024;

/// A configuration that is well-formed, and nothing more. `Debug` shows none of it.
#[derive(Clone)]
pub struct Document {
    outer: Value,
    folder: PathBuf,
    /// Why no key may stand in it, when others may read the file it comes from.
    shared: Option<String>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Drop for Document {
    /// Keys may stand in it.
    fn drop(&mut self) {
        wipe(&mut self.outer);
    }
}

impl Document {
    /// Reads a file: JSON when its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read or is neither.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display();
        let unusable = |why: PrivateError| ConfigError::whole(format!("配置文件 {shown} {why}"));
        let file = File::open(path).map_err(|error| unusable(PrivateError::Unreadable(error)))?;
        let shared = private::refuse_shared(path, &file).err().map(|why| why.to_string());
        let text = private::text_of(file, MAX_CONFIG_BYTES).map_err(unusable)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut document = if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
            Self::of_json(&text, folder)?
        } else {
            Self::of_toml(&text, folder)?
        };
        document.shared = shared;
        Ok(document)
    }

    /// Reads TOML. `folder` is what relative paths are relative to.
    ///
    /// # Errors
    /// [`ConfigError`] with the line when it is not TOML.
    pub fn of_toml(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let text = without_mark(text);
        let outer = toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            ConfigError::whole(format!("不是合法的 TOML（第 {line} 行）"))
        })?;
        Ok(Self { outer, folder: folder.to_owned(), shared: None })
    }

    /// Reads JSON, with the members of the TOML form.
    ///
    /// # Errors
    /// [`ConfigError`] with the line when it is not JSON.
    pub fn of_json(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        // A switch of the gate that stands there twice would be the one a person reads and the other one.
        let outer = read_value(text).map_err(|error| ConfigError::whole(error.to_string()))?;
        Ok(Self { outer, folder: folder.to_owned(), shared: None })
    }

    /// What relative paths are relative to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes out a table that the client does not know.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.outer.as_object_mut().and_then(|outer| outer.remove(name))
    }

    /// Has the center be at this address instead of those that are written.
    pub fn set_center(&mut self, url: &str) {
        if let Some(outer) = self.outer.as_object_mut() {
            let center = outer.entry("center").or_insert_with(|| Value::Object(serde_json::Map::new()));
            if let Some(center) = center.as_object_mut() {
                center.insert("urls".to_owned(), Value::Array(vec![url.trim_end_matches('/').into()]));
            }
        }
    }

    /// Reads the client's part, which is what is left.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn read(mut self, env: Environment<'_>) -> Result<ClientConfig, ConfigError> {
        let reading = Reading { folder: &self.folder, env, shared: self.shared.as_deref() };
        table::read(self.outer.take(), reading)
    }
}

impl Document {
    /// Ends the reading of a file that is none of a client's: whatever was not taken out is unknown. `known` are the tables
    /// there can be.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that nobody asked for.
    pub fn finish(mut self, known: &[&'static str]) -> Result<(), ConfigError> {
        read_table("", self.outer.take(), |table| {
            for name in known {
                table.take(name);
            }
            Some(())
        })
    }
}

/// Reads a table that was taken out as strictly as the client's own: `read` takes its members, whatever is left over is
/// unknown.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong.
pub fn read_table<T>(
    name: &'static str,
    value: Value,
    read: impl FnOnce(&Table<'_>) -> Option<T>,
) -> Result<T, ConfigError> {
    let problems = RefCell::new(Vec::new());
    let table = Table::new(name, value, &problems);
    let found = read(&table);
    table.finish();
    match (found, problems.into_inner()) {
        (Some(found), problems) if problems.is_empty() => Ok(found),
        (_, problems) => Err(ConfigError { problems }),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}
