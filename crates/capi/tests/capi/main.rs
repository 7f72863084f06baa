//! The shared object as programs in C use it, and what they hear of a visit.

#[path = "../../../client/tests/client/hands.rs"]
#[expect(dead_code, reason = "the tests of the client use all of it")]
mod hands;
mod misuse;
mod offline;
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

/// A configuration whose center nobody is at.
fn config(folder: &Path, more: &str) -> String {
    let file = folder.join("visits.sqlite");
    format!(
        "org_id = 'his001'\nkey = '{key}'\nregion = '350000'\norg_code = 'H35010000001'\norg_name = '福州示范医院'\n\
         [center]\nurls = ['http://127.0.0.1:1']\n[visits]\nfile = '{}'\nkey = '{key}'\n{more}",
        file.display(),
        key = "0123456789abcdef".repeat(2),
    )
}
