//! `cargo xtask shots DIR`: photographs of every page in every state, as PNG: the insured person's pages, and the
//! sandbox one can watch.
//!
//! The tests of the pages bring a real center into every state anyway and look at each in a real browser; here they keep
//! what they see.

use std::process::ExitCode;

use crate::cargo::{cargo, done, ended};

/// A package, its test, and those of its tests that walk through the states.
const TESTS: [(&str, &str, &[&str]); 2] = [
    (
        "yanmi-center",
        "center",
        &[
            "screens::every",
            "screens::live::",
            "screens::doors::every",
            "screens::free::every",
            "screens::console::",
        ],
    ),
    ("yanmi", "cli", &["watched::every", "handed_over::"]),
];

pub(crate) fn run(folder: &str) -> ExitCode {
    ended("shots", walk(folder))
}

/// Runs these tests, and says where the pictures are.
fn walk(folder: &str) -> Result<(), String> {
    let folder = std::path::absolute(folder).map_err(|error| format!("{folder}: {error}"))?;
    for (package, test, names) in TESTS {
        let mut tests = cargo();
        tests.args(["test", "-p", package, "--test", test, "--"]).args(names).env("YANMI_SHOTS", &folder);
        done(&mut tests, "a state was not reached")?;
    }
    println!("{}", folder.display());
    Ok(())
}
