//! `cargo xtask shots DIR`: photographs of the insured person's page in every state, as PNG.
//!
//! The tests of the page bring a real center into every state anyway and look at each in a real browser; here they keep
//! what they see.

use std::path::Path;
use std::process::{Command, ExitCode};

/// The tests that walk through the states.
const TESTS: &str = "screens::every";

pub(crate) fn run(folder: &str) -> ExitCode {
    let folder = match std::path::absolute(Path::new(folder)) {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("{folder}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", "-p", "yanmi-center", "--test", "center", "--", TESTS])
        .env("YANMI_SHOTS", &folder)
        .status();
    match status {
        Ok(status) if status.success() => {
            println!("{}", folder.display());
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
