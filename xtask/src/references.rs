//! `cargo xtask references`: the generated pages of the documentation, written anew. Each generator is a test that
//! otherwise compares; with `UPDATE_REFERENCE=1` it writes.

use std::process::ExitCode;

use crate::cargo::{cargo, done, ended};

/// Has every reference test write its page.
pub(crate) fn rewrite() -> ExitCode {
    let mut tests = cargo();
    tests.args(["test", "--quiet", "--workspace", "reference"]).env("UPDATE_REFERENCE", "1");
    ended("references", done(&mut tests, "a page could not be written"))
}
