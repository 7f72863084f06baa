//! `cargo xtask tidy`: what a test can check better than a reviewer. A rule that nobody enforces is not a rule.

mod dependencies;
mod functions;
mod glossary;
mod operating;
mod pages;
mod source;
mod tables;
mod text;

use std::path::Path;
use std::process::{Command, ExitCode};

/// One violation: where, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    place: String,
    what: String,
}

impl Violation {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// One tracked text file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Whether the name ends in this extension.
    pub(crate) fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, end)| end == extension)
    }
}

/// Checks everything and prints what is wrong.
pub(crate) fn run() -> ExitCode {
    let files = match files() {
        Ok(files) => files,
        Err(error) => {
            eprintln!("cannot list the files of the repository: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut violations = dependencies::check(&files);
    for file in &files {
        violations.extend(text::check(file));
        violations.extend(source::check(file));
        violations.extend(functions::check(file));
    }
    violations.extend(pages::check(&files));
    violations.extend(operating::check(&files));
    violations.extend(glossary::check(&files));
    violations.extend(tables::check(&files));
    for violation in &violations {
        println!("{}: {}", violation.place, violation.what);
    }
    println!("tidy: {} files, {} violations", files.len(), violations.len());
    if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every text file git tracks or would track.
fn files() -> Result<Vec<File>, String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| error.to_string())?;
    let listed = String::from_utf8(listed.stdout).map_err(|error| error.to_string())?;
    let read = |path: &str| {
        let text = std::fs::read_to_string(Path::new(path)).ok()?;
        Some(File { path: path.to_owned(), text })
    };
    Ok(listed.lines().filter_map(read).collect())
}
