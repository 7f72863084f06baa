//! Having cargo do something, in the repository's root.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The repository.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.parent().unwrap_or(root).to_owned()
}

/// Where cargo puts what it builds: `CARGO_TARGET_DIR` where it is given, as cargo reads it itself.
pub(crate) fn built(path: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    root().join(target).join(path)
}

/// The cargo this program was built by, in the repository's root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root());
    cargo
}

/// Waits for its success.
pub(crate) fn done(command: &mut Command, otherwise: &str) -> Result<(), String> {
    let status = command.status().map_err(|why| why.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{otherwise} ({status})")) }
}

/// The triple of this machine: with a target named, `RUSTFLAGS` are not for build scripts and macros.
pub(crate) fn host() -> Result<String, String> {
    let told = Command::new("rustc").arg("-vV").output().map_err(|why| format!("rustc: {why}"))?;
    let text = String::from_utf8_lossy(&told.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not tell its host".to_owned())
}

/// How the program ends; what went wrong is said under the command's name.
pub(crate) fn ended(command: &str, result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{command}: {why}");
            ExitCode::FAILURE
        }
    }
}
