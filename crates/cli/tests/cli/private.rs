//! What processes write is for their owner alone, and they leave no image of themselves behind.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use crate::agent::Site;
use crate::killed::ground::Ground;
use crate::yanmi::{Sandbox, run};

/// All files below a folder, each with its mode.
fn files(folder: &Path) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        // What a database keeps beside its file may be gone by now.
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), meta.permissions().mode() & 0o777));
        }
    }
    found
}

/// Nobody but the owner may use any of them, and these are among them.
fn private(folder: &Path, among: &[&str]) {
    let files = files(folder);
    for name in among {
        assert!(files.iter().any(|(path, _)| path.ends_with(name)), "{name} in {files:?}");
    }
    let shared: Vec<_> = files.iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    assert!(shared.is_empty(), "{shared:?}");
}

/// The system writes no image of the process when it falls, nor lets others of the same user look into it.
#[cfg(target_os = "linux")]
fn leaves_no_image(process: u32) {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).expect("it runs");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    // What a process that may not be dumped has in there belongs to root.
    let owner = std::fs::metadata(format!("/proc/{process}/mem")).expect("it runs");
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&owner), 0);
}

#[cfg(not(target_os = "linux"))]
fn leaves_no_image(_: u32) {}

#[test]
fn of_a_sandbox_and_of_an_agent() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(&folder.path().join("sandbox"));
    leaves_no_image(sandbox.process());
    let desk = folder.path().join("agent");
    std::fs::create_dir(&desk).expect("a folder");
    let agent = Site::of(&sandbox, &desk, "").start("127.0.0.1:0");
    agent.well("POST", "/visits", &json!({ "medium": "socialSecurityCard" }));
    leaves_no_image(agent.process());
    private(folder.path(), &["sandbox.json", "yanmi.toml", "center.sqlite", "visits.sqlite", "agent.token"]);
    // The links to the page, and nothing else, are what it writes afterwards.
    run(&["agent", "--config", desk.join("agent.toml").to_str().expect("a path"), "--link"], "");
    private(folder.path(), &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_center() {
    let ground = Ground::lay(1).await;
    let center = ground.start().await;
    leaves_no_image(center.pid().as_raw_nonzero().get().unsigned_abs());
    let database = ground.database();
    for (path, mode) in files(database.parent().expect("a folder")) {
        // The configuration and the log are the test's.
        assert!(!path.contains("center.sqlite") || mode == 0o600, "{path} {mode:o}");
    }
    center.kill();
}
