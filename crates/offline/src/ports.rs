//! What a site has plugged in for the offline ways: the tables `[terminal]` and `[library]`, wherever a configuration
//! is read.

use std::path::PathBuf;
use std::sync::Arc;

use yanmi_client::Desk;
use yanmi_client::config::{ConfigError, Document, Table, read_table};
use yanmi_client::gate::Way;
use yanmi_protocol::OrgCode;

use crate::failure::LoadError;
use crate::library::{Library, LibrarySettings};
use crate::terminal::{Terminal, TerminalSettings};

/// The tables, and the folder their files are relative to.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ports {
    /// The configuration's folder.
    pub folder: PathBuf,
    /// Table `[terminal]`.
    pub terminal: Option<TerminalSettings>,
    /// Table `[library]`.
    pub library: Option<LibrarySettings>,
}

impl Ports {
    /// Takes both tables out of a configuration.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong in them.
    pub fn take(document: &mut Document) -> Result<Self, ConfigError> {
        let folder = document.folder().to_owned();
        let terminal = table(document, "terminal", TerminalSettings::read);
        let library = table(document, "library", LibrarySettings::read);
        match (terminal, library) {
            (Ok(terminal), Ok(library)) => Ok(Self { folder, terminal, library }),
            (terminal, library) => {
                let all = [terminal.err(), library.err()].into_iter().flatten();
                Err(ConfigError { problems: all.flat_map(|error| error.problems).collect() })
            }
        }
    }

    /// The desk with what is plugged in.
    ///
    /// # Errors
    /// [`LoadError`] when a file cannot be loaded or does not have its function.
    pub fn plug(&self, mut desk: Desk, org_code: OrgCode) -> Result<Desk, LoadError> {
        if let Some(settings) = &self.terminal {
            let terminal = Terminal::open(settings.clone(), &self.folder, org_code.as_str())?;
            desk = desk.with_terminal(Arc::new(terminal));
        }
        if let Some(settings) = &self.library {
            let library = Library::open(settings.clone(), &self.folder, org_code.as_str())?;
            desk = desk.with_library(Arc::new(library));
        }
        Ok(desk)
    }
}

fn table<T>(
    document: &mut Document,
    name: &'static str,
    read: impl FnOnce(&Table<'_>) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    document.take(name).map(|value| read_table(name, value, read)).transpose()
}

/// The setting that plugs in what this way needs.
pub const fn setting(way: Way) -> &'static str {
    match way {
        Way::Online => "[center]",
        Way::TerminalFace => "[terminal] 的 face_operation",
        Way::TerminalPassword => "[terminal] 的 password_operation",
        Way::LibraryPassword => "[library]",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const GUIDE: &str = include_str!("../../../docs/guide/integrate.md");

    fn read(text: &str) -> Ports {
        let mut document = Document::of_toml(text, Path::new("")).expect("TOML");
        Ports::take(&mut document).expect("settings")
    }

    #[test]
    fn the_guide_writes_the_defaults() {
        let (_, rest) = GUIDE.split_once("\n```toml\n[terminal]").expect("the tables");
        let (tables, _) = rest.split_once("\n```").expect("their end");
        let places = "file = \"NationECCode.dll\"\nurl = \"http://10.0.0.9/…\"\n";
        let operation = "operation = \"厂商文档中的密码核验操作名\"\n";
        let bare = format!("[terminal]\n{places}[library]\n{places}{operation}");
        assert_eq!(read(&format!("[terminal]{tables}")), read(&bare));
        assert_ne!(read(&bare), Ports::default());
    }
}
