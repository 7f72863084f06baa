//! An acceptance suite as a process: started, asked to end, and what it left behind.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use yanmi_protocol::UnixMillis;

use crate::yanmi::PROGRAM;

/// A suite that runs, and its brief.
pub(crate) struct SuiteProcess<B> {
    child: Child,
    out: BufReader<ChildStdout>,
    port: u16,
    pub(crate) brief: B,
}

impl<B: DeserializeOwned> SuiteProcess<B> {
    /// Starts one at a free port, and waits until it is ready.
    pub(crate) fn start(command: &str, folder: &Path, more: &[&str]) -> Self {
        let folder = folder.to_str().expect("a path");
        let mut child = Command::new(PROGRAM)
            .args([command, "--port", "0", "--report", folder])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the executable starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        while out.read_line(&mut line).expect("a line") > 0 {
            if let Some(file) = line.trim().strip_prefix("ready: ") {
                let text = std::fs::read_to_string(file).expect("a file");
                let brief: Value = serde_json::from_str(&text).expect("JSON");
                let url = brief["centerUrl"].as_str().expect("an address");
                let port = url.rsplit_once(':').expect("a port").1.parse().expect("a number");
                return Self { child, out, port, brief: serde_json::from_str(&text).expect("a brief") };
            }
            line.clear();
        }
        panic!("the suite did not start: {:?}", child.wait());
    }

    /// What it printed at its end, and its exit code.
    pub(crate) fn end(mut self, interrupt: bool) -> (String, i32) {
        if interrupt {
            let pid = rustix::process::Pid::from_child(&self.child);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
        } else {
            crate::yanmi::http(self.port, "POST", "/acceptance/finish", "");
        }
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("the rest");
        (rest, self.child.wait().expect("it ends").code().expect("a code"))
    }
}

/// The time of the tried systems.
pub(crate) fn clock() -> yanmi_acceptance::Clock {
    let clock = yanmi_center::ports::Clock::system();
    Arc::new(move || -> UnixMillis { clock.now() })
}

/// The report that was written, as data and as a page.
pub(crate) fn report(folder: &Path) -> (Value, String) {
    let read = |name| std::fs::read_to_string(folder.join(name)).expect("written");
    (serde_json::from_str(&read("report.json")).expect("JSON"), read("report.html"))
}
