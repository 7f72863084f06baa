//! The acceptance suite as a command: an institution is tried, a report is written, the exit code says what it came to.

use std::future::Future;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::pin::Pin;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use yanmi_acceptance::Brief;
use yanmi_acceptance::sample::{Mistake, Sample};
use yanmi_protocol::UnixMillis;

use crate::yanmi::{PROGRAM, run};

/// Situations in which nobody waits for long.
const QUICK: &str = "confirmed,password-free,declined,html,new-token,unreachable";
const PATIENCE: Duration = Duration::from_secs(20);

struct Suite {
    child: Child,
    out: BufReader<ChildStdout>,
    brief: Brief,
}

impl Suite {
    fn start(folder: &Path, situations: &str) -> Self {
        let folder = folder.to_str().expect("a path");
        let mut child = Command::new(PROGRAM)
            .args(["acceptance", "--port", "0", "--report", folder, "--situations", situations])
            .args(["--vendor", "甲公司", "--product", "门诊收费 3.2"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the executable starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        while out.read_line(&mut line).expect("a line") > 0 {
            if let Some(file) = line.trim().strip_prefix("ready: ") {
                let text = std::fs::read_to_string(file).expect("acceptance.json");
                let brief = serde_json::from_str(&text).expect("a brief");
                return Self { child, out, brief };
            }
            line.clear();
        }
        panic!("the suite did not start: {:?}", child.wait());
    }

    fn play(&self, mistake: Option<Mistake>) {
        let clock = yanmi_center::ports::Clock::system();
        let clock: yanmi_acceptance::Clock = Arc::new(move || -> UnixMillis { clock.now() });
        // Nothing that is played here has to be waited for.
        let pause = |_| -> Pin<Box<dyn Future<Output = ()> + Send>> { Box::pin(std::future::ready(())) };
        let sample = Sample::new(self.brief.clone(), mistake, clock, Arc::new(pause), PATIENCE);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(sample.expect("a sample").play()).expect("played");
    }

    /// What it printed at its end, and its exit code.
    fn end(mut self, interrupt: bool) -> (String, i32) {
        if interrupt {
            let pid = rustix::process::Pid::from_child(&self.child);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
        } else {
            let port = self.brief.center_url.rsplit_once(':').expect("a port").1.parse().expect("a number");
            crate::yanmi::http(port, "POST", "/acceptance/finish", "");
        }
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("the rest");
        (rest, self.child.wait().expect("it ends").code().expect("a code"))
    }
}

fn report(folder: &Path) -> (Value, String) {
    let read = |name| std::fs::read_to_string(folder.join(name)).expect("written");
    (serde_json::from_str(&read("report.json")).expect("JSON"), read("report.html"))
}

#[test]
fn who_does_right_passes_and_the_exit_code_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let suite = Suite::start(folder.path(), QUICK);
    suite.play(None);
    let (said, code) = suite.end(false);
    assert!(said.contains("结论：通过"), "{said}");
    assert_eq!(code, 0);
    let (json, html) = report(folder.path());
    assert_eq!((&json["schema"], &json["conclusion"]), (&2.into(), &"passed".into()));
    assert_eq!(json["situations"].as_array().expect("a list").len(), 6);
    assert!(html.contains("甲公司") && html.contains("门诊收费 3.2"));
}

#[test]
fn who_does_wrong_fails_and_the_report_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let suite = Suite::start(folder.path(), QUICK);
    suite.play(Some(Mistake::BelievesAnything));
    let (said, code) = suite.end(false);
    assert!(said.contains("（new-token）：按旧令牌的认证结算"), "{said}");
    assert_eq!(code, 1);
    let (json, _) = report(folder.path());
    let broken: Vec<_> =
        json["rules"].as_array().expect("a list").iter().filter(|rule| rule["verdict"] == "failed").collect();
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0]["id"], "judge.token");
    assert_eq!(broken[0]["evidence"][0]["situation"], "new-token");
}

#[test]
fn interrupted_it_reports_what_was_seen_so_far() {
    let folder = tempfile::tempdir().expect("a folder");
    let (said, code) = Suite::start(folder.path(), "confirmed").end(true);
    assert!(said.contains("结论：未完成"), "{said}");
    assert_eq!((code, &report(folder.path()).0["conclusion"]), (1, &"incomplete".into()));
}

#[test]
fn the_list_and_wrong_names() {
    let listed = run(&["acceptance", "--list"], "");
    assert_eq!(listed.code, 0);
    assert!(listed.out.contains("clock-drift") && listed.out.lines().count() > 25, "{}", listed.out);
    let wrong = run(&["acceptance", "--situations", "confirmed,nonsense"], "");
    assert!(wrong.code == 1 && wrong.err.contains("没有情形 nonsense"), "{wrong:?}");
    let wrong = run(&["acceptance", "--org-code", "35010000001"], "");
    assert!(wrong.code == 1 && wrong.err.contains("--org-code"), "{wrong:?}");
}
