//! `cargo xtask world [SEED] [--days N] [--faults …]`: builds the simulated world and runs it; what it takes, `--help` says.

use std::process::{Command, ExitCode};

use crate::cargo::{cargo, done, root};

pub(crate) const USAGE: &str = "world [SEED] [--days N] [--faults none|drawn|FILE] …";

pub(crate) fn run(words: &[&str]) -> ExitCode {
    let build = ["build", "--release", "--quiet", "--package", "yanmi-world"];
    if let Err(why) = done(cargo().args(build), "the build failed") {
        eprintln!("world: {why}");
        return ExitCode::FAILURE;
    }
    match Command::new(root().join("target/release/yanmi-world")).args(words).status() {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(why) => {
            eprintln!("world: {why}");
            ExitCode::FAILURE
        }
    }
}
