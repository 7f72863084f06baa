//! The examples in other languages, each doing the whole journey against a sandbox.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use yanmi_acceptance::{Conclusion, Settings, Suite};
use yanmi_client::{Ambient, Machine};
use yanmi_protocol::{OrgCode, Region};

use crate::yanmi::Sandbox;

/// The shared object in a folder of its own, under the name it is shipped with.
fn shared_object(folder: &Path) -> PathBuf {
    let lib = folder.join("lib");
    std::fs::create_dir(&lib).expect("a folder");
    std::fs::copy(built("libyanmi.so"), lib.join("libyanmi.so")).expect("the shared object");
    lib
}

/// What cargo builds beside the tests, under the name of its crate.
fn built(name: &str) -> PathBuf {
    std::env::current_exe().expect("a path").with_file_name(name)
}

/// The example in Rust. Cargo builds a package's examples with its tests, so with those of the workspace.
fn rust() -> PathBuf {
    let tests = std::env::current_exe().expect("a path");
    let example = tests.ancestors().nth(2).expect("a profile's folder").join("examples/desk");
    assert!(example.exists(), "cargo build --package yanmi-client --example desk");
    example
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/run.sh")
}

#[test]
fn every_language_gets_from_the_code_to_the_settlement() {
    let folder = tempfile::tempdir().expect("a folder");
    let lib = shared_object(folder.path());
    let sandbox = Sandbox::start(&folder.path().join("sandbox"));
    let ran = Command::new(script())
        .arg(&sandbox.file)
        .env("YANMI_LIB", &lib)
        .env("YANMI_VENDOR", built("libyanmi_vendor.so"))
        .env("YANMI_RUST", rust())
        .env_remove("YANMI_SKIP")
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(told.ends_with("7 passed, 0 failed\n"), "{told}");
    sandbox.stop();
}

const LANGUAGES: [&str; 7] = ["c", "cpp", "python", "java", "csharp", "pascal", "rust"];

#[test]
fn every_language_passes_every_situation_of_the_acceptance() {
    let folder = tempfile::tempdir().expect("a folder");
    let lib = shared_object(folder.path());
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let suites: Vec<_> = LANGUAGES.iter().map(|_| runtime.block_on(suite())).collect();
    // Each has a suite of its own, so that all wait at the same time.
    std::thread::scope(|scope| {
        for (language, suite) in LANGUAGES.into_iter().zip(&suites) {
            let file = folder.path().join(format!("{language}.acceptance.json"));
            let brief = serde_json::to_string(&suite.brief()).expect("JSON");
            std::fs::write(&file, brief).expect("written");
            let others: Vec<_> = LANGUAGES.into_iter().filter(|other| *other != language).collect();
            let lib = &lib;
            scope.spawn(move || {
                let ran = Command::new(script())
                    .arg(&file)
                    .env("YANMI_LIB", lib)
                    .env("YANMI_VENDOR", built("libyanmi_vendor.so"))
                    .env("YANMI_RUST", rust())
                    .env("YANMI_ATTEMPT", "2500")
                    .env("YANMI_SKIP", others.join(" "))
                    .output()
                    .expect("a shell");
                let told = String::from_utf8_lossy(&ran.stdout);
                assert!(told.ends_with("1 passed, 0 failed\n"), "{told}");
            });
        }
    });
    for (language, suite) in LANGUAGES.into_iter().zip(suites) {
        assert_eq!(suite.judged().conclusion(), Conclusion::Passed, "{language}");
        runtime.block_on(suite.stop());
    }
}

/// Every situation, at the real time: the programs have no other.
pub(crate) async fn suite() -> Suite {
    let region = Region::new("350000").expect("a region");
    let org_code = OrgCode::new("H35010000001").expect("a code");
    let settings = Settings { late: Duration::from_millis(50), ..Settings::new(region, org_code) };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = Arc::new(Machine::default());
    let (clock, chance) = (Arc::clone(&host), host);
    let clock: yanmi_acceptance::Clock = Arc::new(move || clock.now());
    let chance: yanmi_acceptance::Entropy = Arc::new(move |bytes: &mut [u8]| chance.fill(bytes));
    Suite::start(settings, listener, clock, &chance).expect("a suite")
}
