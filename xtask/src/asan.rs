//! `cargo xtask asan`: the tests of the C ABI, and of loading vendors' libraries, with every access of memory checked, in
//! Rust and in C.
//!
//! The compiler can do it but calls it unstable, so this one build asks for it by name; nothing else of the project does.
//! The standard library is used as it comes: accesses within it are seen only where they go through the allocator.

use std::process::ExitCode;

use crate::cargo::{cargo, done, ended, host, root};

/// What is loaded while a test runs (a vendor's library) finds the sanitizer's functions in the test itself.
const FLAGS: &str = "-Zsanitizer=address -Clink-arg=-rdynamic";
/// The tests run a center beside, whose metrics leave their last buckets to the end of the process. Leaks are looked for
/// in the C program, which has the library alone.
const OPTIONS: &str = "detect_leaks=0";
const OUT: &str = "target/asan";

pub(crate) fn run() -> ExitCode {
    ended("asan", test())
}

fn test() -> Result<(), String> {
    let mut test = cargo();
    let packages = ["--package", "yanmi-capi", "--package", "yanmi-offline"];
    test.args(["test", "--quiet"])
        .args(packages)
        .args(["--target", &host()?])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", FLAGS)
        .env("ASAN_OPTIONS", OPTIONS)
        .env("CARGO_TARGET_DIR", root().join(OUT))
        .env("YANMI_ASAN", "1");
    done(&mut test, "a test failed")
}
