//! Running the executable.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_yanmi");

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

/// Runs the executable with this on its standard input.
pub(crate) fn run(args: &[&str], input: &str) -> Ran {
    let mut child = Command::new(PROGRAM)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    // A command that does not read its input may be gone already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let ran = child.wait_with_output().expect("the executable ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { out: text(ran.stdout), err: text(ran.stderr), code: ran.status.code().unwrap_or(-1) }
}

/// A sandbox that is ready; killed when dropped.
pub(crate) struct Sandbox {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) port: u16,
    pub(crate) file: String,
}

impl Sandbox {
    /// Starts a sandbox in a folder, on ports that are free now; on others if somebody takes them meanwhile.
    pub(crate) fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[])
    }

    /// The same with more options.
    pub(crate) fn start_with(dir: &Path, more: &[&str]) -> Self {
        let mut why = String::new();
        for _ in 0..20 {
            match Self::try_start(dir, more, free_port()) {
                Ok(sandbox) => return sandbox,
                Err(said) => why = said,
            }
        }
        panic!("no sandbox started on twenty ports: {why}");
    }

    /// What it said last when it does not start.
    fn try_start(dir: &Path, more: &[&str], port: u16) -> Result<Self, String> {
        let dir = dir.to_str().expect("a path");
        // A file that must not grow is then an error for who writes, and not the end of the process.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", PROGRAM])
            .args(["sandbox", "--dir", dir, "--port", &port.to_string()])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the executable starts");
        let mut errors = child.stderr.take().expect("a pipe");
        // Read as long as it runs: who writes into a full pipe waits.
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            errors.read_to_end(&mut said).map(|_| said)
        });
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        while out.read_line(&mut line).expect("a line") > 0 {
            if let Some(file) = line.trim().strip_prefix("ready: ") {
                let file = file.to_owned();
                return Ok(Self { child, out, port, file });
            }
            line.clear();
        }
        let ended = child.wait().expect("it ended");
        let said = said.join().expect("read").unwrap_or_default();
        Err(format!("{ended}: {}", String::from_utf8_lossy(&said)))
    }

    /// Asks one of its ports; the body of the answer as JSON.
    pub(crate) fn ask(&self, offset: u16, method: &str, path: &str, body: &str) -> serde_json::Value {
        let text = http(self.port + offset, method, path, body);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"))
    }

    /// What its `sandbox.json` says.
    pub(crate) fn world(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(&self.file).expect("sandbox.json");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The process's number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Whether it can write to files; what it has mapped it can change.
    pub(crate) fn may_write(&self, may: bool) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let limit = Rlimit { current: if may { None } else { Some(0) }, maximum: None };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).expect("a limit");
    }

    /// Stops it as Ctrl-C does; what it printed after it was ready.
    pub(crate) fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("the rest");
        assert!(self.child.wait().expect("it ends").success());
        rest
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that may be free, at random below those a system gives out by itself: thousands of connections that other
/// tests made keep theirs for a minute after their end.
pub(crate) fn free_port() -> u16 {
    const LOWEST: u64 = 12_000;
    const TENS: u64 = 2_000;
    let chance = RandomState::new().build_hasher().finish();
    u16::try_from(LOWEST + chance % TENS * 10).expect("below 32,000")
}

/// One plain HTTP request; the body of the answer.
pub(crate) fn http(port: u16, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
}
