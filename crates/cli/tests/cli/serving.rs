//! A center that serves, as the service manager starts it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::yanmi::PROGRAM;

/// A center that listens; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    /// The port of the institution face.
    pub(crate) port: u16,
    /// The port of the operations listener.
    pub(crate) operations: u16,
}

impl Serving {
    pub(crate) fn start(config: &str) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--announce", "--config", config])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the executable starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut next = || {
            let line = lines.next().expect("an address").expect("a line");
            line.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
        };
        let (port, operations) = (next(), next());
        Self { child, port, operations }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Stops it as the service manager does.
    pub(crate) fn stop(mut self) {
        kill_process(self.pid(), Signal::TERM).expect("a signal");
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
