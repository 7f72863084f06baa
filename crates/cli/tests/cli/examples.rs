//! The examples in other languages, each doing the whole journey against a sandbox.

use std::path::Path;
use std::process::Command;

use crate::yanmi::Sandbox;

#[test]
fn every_language_gets_from_the_code_to_the_settlement() {
    let folder = tempfile::tempdir().expect("a folder");
    // Cargo builds the shared object beside the tests, under the name of its crate.
    let built = std::env::current_exe().expect("a path").with_file_name("libyanmi_capi.so");
    let lib = folder.path().join("lib");
    std::fs::create_dir(&lib).expect("a folder");
    std::fs::copy(&built, lib.join("libyanmi.so")).expect("the shared object");
    let sandbox = Sandbox::start(&folder.path().join("sandbox"));
    let ran = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/run.sh"))
        .arg(&sandbox.file)
        .env("YANMI_LIB", &lib)
        .env_remove("YANMI_SKIP")
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(told.ends_with("6 passed, 0 failed\n"), "{told}");
    sandbox.stop();
}
