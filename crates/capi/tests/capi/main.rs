//! The shared object as programs in C use it, and what they hear of a visit.

#[path = "../../../client/tests/client/hands.rs"]
#[expect(dead_code, reason = "the tests of the client use all of it")]
mod hands;
mod misuse;
mod offline;
#[path = "../../../offline/tests/offline/plugged.rs"]
mod plugged;
mod session;
#[path = "../../../client/tests/client/site.rs"]
#[expect(dead_code, reason = "the tests of the client use all of it")]
mod site;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder the shared object was built into: that of this test.
fn built() -> PathBuf {
    std::env::current_exe().expect("a path").parent().expect("a folder").to_owned()
}

/// Compiles a file of this folder.
fn compile(source: &str, out: &Path, more: &[&str]) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let done = Command::new("cc")
        .args(["-std=c99", "-g", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(here.join("include"))
        .arg(here.join("tests/capi").join(source))
        .arg("-o")
        .arg(out)
        .args(more)
        .output()
        .expect("a C compiler: Debian package gcc");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
