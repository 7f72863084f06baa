//! `cargo xtask shots DIR`: photographs of every page in every state, as PNG: the insured person's pages, and the
//! sandbox one can watch.
//!
//! The tests of the pages bring a real center into every state anyway and look at each in a real browser; here they keep
//! what they see.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitCode};

/// A package, its test, and those of its tests that walk through the states.
const TESTS: [(&str, &str, &[&str]); 2] = [
    ("yanmi-center", "center", &["screens::every", "screens::doors::every", "screens::free::every"]),
    ("yanmi", "cli", &["watched::every", "handed_over::"]),
];

pub(crate) fn run(folder: &str) -> ExitCode {
    let folder = match std::path::absolute(Path::new(folder)) {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("{folder}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let walked = TESTS.iter().all(|(package, test, names)| walk(&cargo, &folder, (package, test), names));
    if walked {
        println!("{}", folder.display());
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs these tests; whether all of them passed.
fn walk(cargo: &OsStr, folder: &Path, (package, test): (&str, &str), names: &[&str]) -> bool {
    let status = Command::new(cargo)
        .args(["test", "-p", package, "--test", test, "--"])
        .args(names)
        .env("YANMI_SHOTS", folder)
        .status();
    match status {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cargo: {error}");
            false
        }
    }
}
