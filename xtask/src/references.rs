//! `cargo xtask references`: the generated pages of the documentation, written anew. Each generator is a test that
//! otherwise compares; with `UPDATE_REFERENCE=1` it writes.

use std::process::{Command, ExitCode};

/// Has every reference test write its page.
pub(crate) fn rewrite() -> ExitCode {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--workspace", "reference"])
        .env("UPDATE_REFERENCE", "1")
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
