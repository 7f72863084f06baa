//! A test center as a process, and a vendor with curl.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::yanmi::PROGRAM;

/// One on any free port, in which anybody may make a space; it ends with the test.
pub(crate) struct TestCenter {
    child: Child,
    url: String,
}

impl Drop for TestCenter {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl TestCenter {
    /// Starts it with its data in this folder.
    pub(crate) fn start(folder: &Path) -> Self {
        let config = folder.join("testcenter.toml");
        let text = "[testcenter]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:0\"\nopen = true\n\
                    [operator]\nlisten = \"127.0.0.1:0\"\n";
        std::fs::write(&config, text).expect("written");
        let mut child = Command::new(PROGRAM)
            .args(["testcenter", "--announce", "--log", "error", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut url).expect("a line");
        Self { child, url: url.trim().to_owned() }
    }

    /// Makes a space: its address, with a slash at the end.
    pub(crate) fn space(&self) -> String {
        let form = ["-o", "/dev/null", "-w", "%{redirect_url}", "-d", "name=vendor&contact=x"];
        let space = curl(&[&form[..], &[&format!("{}/spaces", self.url)]].concat());
        // Whoever opens it has it started.
        curl(&[&space]);
        space
    }
}

/// What curl prints.
pub(crate) fn curl(args: &[&str]) -> String {
    let ran = Command::new("curl").arg("-s").args(args).output().expect("curl");
    assert!(ran.status.success(), "{args:?}");
    String::from_utf8(ran.stdout).expect("UTF-8")
}
