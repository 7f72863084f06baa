//! The agent as its users have it: a program of the HIS beside it, a clerk before its page, and a machine that fails.

mod clerk;
mod program;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::yanmi::{PROGRAM, Sandbox};

/// A running agent; killed when dropped.
pub(crate) struct Agent {
    child: Child,
    out: BufReader<ChildStdout>,
    door: Door,
    pub(crate) address: SocketAddr,
    /// A link that opens its page once.
    pub(crate) link: String,
}

/// How a program asks it.
#[derive(Clone)]
pub(crate) struct Door {
    address: SocketAddr,
    token: String,
}

/// The configuration of an agent before a center.
pub(crate) struct Site {
    folder: PathBuf,
    center: String,
    org_id: String,
    key: String,
    org_code: String,
    more: String,
}

impl Site {
    /// Of a sandbox's first account; with these lines in the table `[agent]`.
    pub(crate) fn of(sandbox: &Sandbox, folder: &Path, more: &str) -> Self {
        let text = std::fs::read_to_string(&sandbox.file).expect("sandbox.json");
        let world: Value = serde_json::from_str(&text).expect("JSON");
        let account = &world["accounts"][0];
        let named = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            folder: folder.to_owned(),
            center: format!("http://127.0.0.1:{}", sandbox.port),
            org_id: named(&account["orgId"]),
            key: named(&account["key"]),
            org_code: named(&account["institutions"][0]["orgCodg"]),
            more: more.to_owned(),
        }
    }

    /// Of anybody who plays a center.
    pub(crate) fn at(center: &str, org_id: &str, key: &str, org_code: &str, folder: &Path) -> Self {
        let [center, org_id, key, org_code] = [center, org_id, key, org_code].map(str::to_owned);
        Self { folder: folder.to_owned(), center, org_id, key, org_code, more: String::new() }
    }

    /// Writes the configuration; where it is.
    pub(crate) fn config(&self, listen: &str) -> String {
        let Self { folder, center, org_id, key, org_code, more } = self;
        let text = format!(
            "org_id = {org_id:?}\nkey = {key:?}\nregion = \"350000\"\norg_code = {org_code:?}\norg_name = \"福州示范医院\"\n\
             [center]\nurls = [{center:?}]\n[visits]\nfile = \"visits.sqlite\"\nkey = \"{}\"\n\
             [agent]\nlisten = {listen:?}\nkind = \"outpatient\"\n{more}",
            "F".repeat(32)
        );
        crate::site::secret(folder, "agent.toml", &text);
        let path = folder.join("agent.toml");
        path.to_str().expect("a path").to_owned()
    }

    pub(crate) fn start(&self, listen: &str) -> Agent {
        let mut child = Command::new(PROGRAM)
            .args(["agent", "--config", &self.config(listen), "--log", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the executable starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (mut line, mut page) = (String::new(), String::new());
        while out.read_line(&mut line).expect("a line") > 0 {
            if let Some(at) = line.find("http://").filter(|_| line.contains("/login?link=")) {
                line[at..].trim().clone_into(&mut page);
            }
            if let Some(address) = line.trim().strip_prefix("ready: http://") {
                let address = address.parse().expect("an address");
                let token = std::fs::read_to_string(self.folder.join("agent.token")).expect("a token");
                let door = Door { address, token: token.trim().to_owned() };
                return Agent { child, out, door, address, link: page };
            }
            line.clear();
        }
        panic!("the agent did not start: {:?}", child.wait());
    }
}

impl Door {
    /// A request with the token; the status and the body, or nothing when the connection broke.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (address, token, length) = (self.address, &self.token, body.len());
        let mut stream = TcpStream::connect(address).ok()?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    }
}

impl Agent {
    /// The process's number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// For another thread.
    pub(crate) fn door(&self) -> Door {
        self.door.clone()
    }

    /// A request with the token; nothing when the connection broke.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.door.ask(method, path, body)
    }

    /// The answer to a request that goes well.
    pub(crate) fn well(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, path, body).expect("an answer");
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// Has it stand still, or go on.
    pub(crate) fn hang(&self, hang: bool) {
        use rustix::process::{Pid, Signal, kill_process};
        let signal = if hang { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(&self.child), signal).expect("a signal");
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Stops it as a service manager does; what it printed at the end.
    pub(crate) fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("the rest");
        assert!(self.child.wait().expect("it ends").success());
        rest
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The QR code a person of a sandbox shows in its first channel app.
pub(crate) fn shown_code(sandbox: &Sandbox, person: usize) -> String {
    let world = sandbox.world();
    let body =
        json!({"ecIndexNo": world["persons"][person]["ecIndexNo"], "chnlId": world["channels"][0]["chnlId"]});
    let code = sandbox.ask(9, "POST", "/qr", &body.to_string());
    code["ecQrCode"].as_str().expect("a code").to_owned()
}

/// A person of a sandbox does something about the newest notice.
pub(crate) fn act(sandbox: &Sandbox, person: usize, action: &str) {
    let world = sandbox.world();
    let person = world["persons"][person]["ecIndexNo"].as_str().expect("an index").to_owned();
    let shown = sandbox.ask(9, "GET", &format!("/phones/{person}/notices"), "");
    let body = json!({"notcNo": shown["notices"][0]["notcNo"], "action": action, "way": "01"});
    sandbox.ask(9, "POST", &format!("/phones/{person}/act"), &body.to_string());
}
