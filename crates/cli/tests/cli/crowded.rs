//! What strangers can have a center hold in memory, measured at the process (`docs/operating/sizing.md`).
//!
//! Only Linux tells what a process holds, in `/proc`.
#![cfg(target_os = "linux")]

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, Rlimit};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

use crate::serving::Serving;
use crate::site::{ok, secret, site};
use crate::yanmi::{http, run};

/// What `sizing.md` says that a connection costs at most, in KiB, whatever is unfinished in it.
const CONNECTION: u64 = 32;
/// Connections of one source address: the setting of the site here, and what each source opens.
const PER_SOURCE: u64 = 600;
/// The setting of the site: less than the sources want together, so that some have to make room.
const CONNECTIONS: u64 = 1_300;
/// The setting of the site, in KiB: less than what the bodies have, so that some are refused.
const UNOPENED: u64 = 16 * 1_024;
/// Files a process may have open for this: the connections at one end of them, and some room.
const FILES: u64 = 4_500;

/// A crowd before a center.
struct Crowd {
    center: Serving,
    runtime: Runtime,
}

impl Crowd {
    fn before(center: Serving) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        Self { center, runtime }
    }

    /// The most memory it has had in the machine, in KiB.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.center.pid().as_raw_nonzero()))
            .expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// A number that it counts at this listener.
    fn counted(&self, metric: &str) -> u64 {
        let metrics = http(self.center.operations, "GET", "/metrics", "");
        let name = format!("{metric}{{listener=\"institution\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("{metric} in {metrics}")).parse().expect("a number")
    }

    /// A connection from this address of the machine, which sends this and then waits. The center may have had enough of
    /// it before it has said all.
    fn send(&self, source: [u8; 4], bytes: &[u8]) -> TcpStream {
        let connect = async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(SocketAddr::from((source, 0))).expect("an address of this machine");
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.center.port));
            socket.connect(address).await.expect("a connection").into_std().expect("a stream")
        };
        let mut stream = self.runtime.block_on(connect);
        stream.set_nonblocking(false).expect("an option");
        stream.set_write_timeout(Some(Duration::from_secs(10))).expect("an option");
        let _ = stream.write_all(bytes);
        stream
    }
}

/// A site with an account and an institution, whose connections and bodies are bounded as above, and whose strangers are
/// waited for as long as a setting allows.
fn crowded(folder: &Path) -> String {
    let limits = format!(
        "[limits]\nconnections = {CONNECTIONS}\nconnections_per_source = {PER_SOURCE}\nheld_queries = 100\n\
         unopened_kib = {UNOPENED}\nbody_seconds = 60\nheader_seconds = 60\nunproven_seconds = 3600\n"
    );
    let config = site(folder, &limits);
    secret(folder, "his.key", "0123456789ABCDEF0123456789ABCDEF");
    let key = folder.join("his.key");
    let key = key.to_str().expect("a path");
    ok(&["migrate", "--config", &config]);
    ok(&["account", "add", "--org-id", "his", "--name", "某 HIS", "--key-file", key, "--config", &config]);
    ok(&[
        "institution",
        "add",
        "--org",
        "H35010000001",
        "--name",
        "医院",
        "--account",
        "his",
        "--config",
        &config,
    ]);
    config
}

/// An institution's status query, sealed and opened; the center has to ask the national center, which is not there.
fn honest(center: &Crowd, folder: &Path) -> String {
    let (url, key) = (format!("http://127.0.0.1:{}", center.center.port), folder.join("his.key"));
    let ran = run(
        &[
            "call",
            "status",
            "--url",
            &url,
            "--org-id",
            "his",
            "--key-file",
            key.to_str().expect("a path"),
            "--region",
            "350000",
            "--org",
            "H35010000001",
            "--token",
            "T123456789",
        ],
        "",
    );
    ran.out + &ran.err
}

#[test]
fn a_full_listener_holds_no_more_than_the_guide_says_and_answers_who_is_honest() {
    let guide = include_str!("../../../../docs/operating/sizing.md");
    assert!(
        guide.contains(&format!("每个连接至多 {CONNECTION} KiB")),
        "the guide says what is measured here"
    );
    // The center inherits it; it raises the lower of the two bounds by itself.
    let limit = rustix::process::getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < FILES) {
        eprintln!("skipped: the system allows fewer than {FILES} open files (ulimit -Hn)");
        return;
    }
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
        .expect("a limit");

    let folder = tempfile::tempdir().expect("a folder");
    let center = Crowd::before(Serving::start(&crowded(folder.path())));
    let answered = honest(&center, folder.path());
    assert!(answered.contains("500033"), "opened and asked: {answered}");
    let before = center.peak();

    let head = |length: usize| format!("POST / HTTP/1.1\r\nhost: t\r\nx: {}", "x".repeat(length));
    // Within what a head may have, so that all of it is kept; and beyond it.
    let (kept, endless) = (head(15 * 1024), head(90 * 1024));
    let path = yanmi_protocol::message::status::PATH;
    let body =
        format!("POST {path} HTTP/1.1\r\nhost: t\r\ncontent-length: 65536\r\n\r\n{}", " ".repeat(60_000));
    let kinds: [(&str, &str); 6] = [
        ("idle", ""),
        ("heads", &kept),
        ("endless", &endless),
        ("body", &body),
        ("body", &body),
        ("body", &body),
    ];
    let mut open: Vec<TcpStream> = Vec::new();
    for (last, (what, bytes)) in (2..).zip(kinds) {
        for _ in 0..PER_SOURCE {
            open.push(center.send([127, 0, 0, last], bytes.as_bytes()));
        }
        let answered = honest(&center, folder.path());
        assert!(answered.contains("500033"), "opened and asked: {answered}");
        let connections = center.counted("yanmi_connections");
        println!("{what}: {connections} connections, {} KiB more than before", center.peak() - before);
    }
    assert!(center.counted("yanmi_connections_made_room_total") > 0, "it was full");

    let taken = center.peak() - before;
    // A body that grows is moved to a place twice as large.
    let most = CONNECTIONS * CONNECTION + 2 * UNOPENED;
    println!("{taken} KiB of {most} KiB");
    assert!(taken <= most, "{taken} KiB, and {most} KiB are the bound");
    // It was really filled: what was kept of heads and bodies alone is more than this.
    assert!(taken >= UNOPENED, "{taken} KiB");
    drop(open);
}
