//! `cargo xtask world [SEED] [--days N] [--faults …]`: builds the simulated world and runs it; what it takes, `--help` says.

use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cargo::{cargo, done, root};

pub(crate) const USAGE: &str = "world [SEED] [--days N] [--faults none|drawn|FILE] [--speed] …";

/// A seed that no other day has.
#[expect(clippy::disallowed_methods, reason = "each night is to try worlds of its own")]
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() / 86_400 * 1_000_000).to_string()
}

pub(crate) fn run(words: &[&str]) -> ExitCode {
    let build = ["build", "--release", "--quiet", "--package", "yanmi-world"];
    if let Err(why) = done(cargo().args(build), "the build failed") {
        eprintln!("world: {why}");
        return ExitCode::FAILURE;
    }
    let words = words.iter().map(|word| if *word == "today" { today() } else { (*word).to_owned() });
    match Command::new(root().join("target/release/yanmi-world")).args(words).status() {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(why) => {
            eprintln!("world: {why}");
            ExitCode::FAILURE
        }
    }
}
