//! `cargo xtask world [SEED] [--days N] [--faults …]`: builds the simulated world and runs it; what it takes, `--help` says.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
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
    // What is said of its speed is said of the program as it is shipped.
    let profile = if words.iter().any(|word| word.starts_with("--speed")) { "dist" } else { "release" };
    let build = ["build", "--profile", profile, "--quiet", "--package", "yanmi-world"];
    if let Err(why) = done(cargo().args(build), "the build failed") {
        eprintln!("world: {why}");
        return ExitCode::FAILURE;
    }
    let words = words.iter().map(|word| if *word == "today" { today() } else { (*word).to_owned() });
    match in_turns(&root().join("target").join(profile).join("yanmi-world")).args(words).status() {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(why) => {
            eprintln!("world: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Calls a program whose threads wait for each other, so that one that is woken does not interrupt who wakes it: about a tenth of
/// a world's time. Where the system cannot have it so, it is called as any other.
pub(crate) fn in_turns(program: &Path) -> Command {
    const BATCH: [&str; 2] = ["--batch", "0"];
    let can = Command::new("chrt").args(BATCH).arg("true").stderr(Stdio::null()).status();
    if can.is_ok_and(|status| status.success()) {
        let mut chrt = Command::new("chrt");
        chrt.args(BATCH).arg(program);
        chrt
    } else {
        Command::new(program)
    }
}
