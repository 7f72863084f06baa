//! `cargo xtask asan`: the tests of the C ABI with every access of memory checked, in Rust and in C.
//!
//! The compiler can do it but calls it unstable, so this one build asks for it by name; nothing else of the project does.
//! The standard library is used as it comes: accesses within it are seen only where they go through the allocator.

use std::path::Path;
use std::process::{Command, ExitCode};

/// What is loaded while a test runs (a vendor's library) finds the sanitizer's functions in the test itself.
const FLAGS: &str = "-Zsanitizer=address -Clink-arg=-rdynamic";
/// The tests run a center beside, whose metrics leave their last buckets to the end of the process. Leaks are looked for
/// in the C program, which has the library alone.
const OPTIONS: &str = "detect_leaks=0";
const OUT: &str = "target/asan";

pub(crate) fn run() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Ok(triple) = crate::fuzz::host() else {
        eprintln!("asan: rustc does not tell its host");
        return ExitCode::FAILURE;
    };
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    // With a target named, the flags are not for build scripts and macros.
    let done = Command::new(cargo)
        .args(["test", "--quiet", "--package", "yanmi-capi", "--target", &triple])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", FLAGS)
        .env("ASAN_OPTIONS", OPTIONS)
        .env("CARGO_TARGET_DIR", root.join(OUT))
        .env("YANMI_ASAN", "1")
        .current_dir(&root)
        .status();
    match done {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("asan: {status}");
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("asan: {why}");
            ExitCode::FAILURE
        }
    }
}
