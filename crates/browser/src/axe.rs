//! axe-core, from the npm registry: fetched once into the target folder, and always the same version.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The version, and how its text begins.
const PACKAGE: &str = "axe-core@4.10.3";
const BEGINS: &str = "/*! axe v4.10.3";

/// Its text.
pub(super) fn source() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/axe");
    let kept = folder.join("axe-4.10.3.min.js");
    let text = std::fs::read_to_string(&kept).unwrap_or_else(|_| fetch(&folder, &kept));
    assert!(text.starts_with(BEGINS), "{} is not {PACKAGE}", kept.display());
    text
}

/// Several tests may fetch it at once: each has a folder of its own and puts the whole text in place.
fn fetch(folder: &Path, kept: &Path) -> String {
    let own = folder.join(format!("{:?}-{}", std::thread::current().id(), std::process::id()));
    std::fs::create_dir_all(&own).expect("a folder");
    run(Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(&own));
    let packed: PathBuf = own.join("axe-core-4.10.3.tgz");
    run(Command::new("tar").args(["-xzf".as_ref(), packed.as_os_str()]).current_dir(&own));
    let unpacked = own.join("package/axe.min.js");
    let text = std::fs::read_to_string(&unpacked).expect("the package has it");
    std::fs::rename(&unpacked, kept).expect("in place");
    std::fs::remove_dir_all(&own).expect("cleaned up");
    text
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
