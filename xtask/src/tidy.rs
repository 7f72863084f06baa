//! `cargo xtask tidy`: what a test can check better than a reviewer. A rule that nobody enforces is not a rule.

mod circles;
mod dependencies;
mod doors;
mod file;
mod floors;
mod glossary;
mod modules;
mod operating;
mod order;
mod pages;
mod source;
mod tables;
mod text;
mod types;

use std::path::Path;
use std::process::{Command, ExitCode};

use file::{File, Violation};
use modules::Modules;

/// Checks everything and prints what is wrong.
pub(crate) fn run() -> ExitCode {
    let files = match files() {
        Ok(files) => files,
        Err(error) => {
            eprintln!("cannot list the files of the repository: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut violations: Vec<Violation> = dependencies::check(&files);
    for file in &files {
        violations.extend(text::check(file));
        violations.extend(source::check(file));
    }
    violations.extend(pages::check(&files));
    violations.extend(operating::check(&files));
    violations.extend(glossary::check(&files));
    violations.extend(tables::check(&files));
    let crates = Modules::of_crates(&files);
    violations.extend(circles::check(&crates));
    violations.extend(floors::check(&files));
    violations.extend(doors::check(&files));
    violations.extend(order::check(&files));
    violations.extend(types::check(&files, &crates));
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
