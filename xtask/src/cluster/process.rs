//! Processes that end with the harness, and their logs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to end when it is asked to.
const STOPS_WITHIN: Duration = Duration::from_mins(1);
/// Between two looks at anything.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// Lines of each log that are shown when something failed.
const TAIL: usize = 25;

/// A process, killed when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it says is appended to its log.
    pub(super) fn start(name: &str, mut command: Command, log: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{name}: {error}");
        let file = File::options().create(true).append(true).open(log).map_err(failed)?;
        let errors = file.try_clone().map_err(failed)?;
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn().map_err(failed)?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Fails when it has ended by itself.
    pub(super) fn check(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            ended => {
                Err(format!("{} has ended by itself ({ended:?}), see {}", self.name, self.log.display()))
            }
        }
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits until it has ended.
    pub(super) async fn stop(mut self) -> Result<(), String> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).map_err(|error| error.to_string())?;
        let until = Instant::now() + STOPS_WITHIN;
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() > until {
                return Err(format!("{} does not stop within {STOPS_WITHIN:?}", self.name));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where a program is, if it is there: Debian keeps some out of the path of those who are not root.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Runs a program to its end; what it printed.
pub(super) fn run(program: &str, words: &[&str]) -> Result<String, String> {
    let failed = |why: &str| format!("{program} {}: {why}", words.join(" "));
    let path = find(program).ok_or_else(|| failed("is not there"))?;
    let out = Command::new(path).args(words).stdin(Stdio::null()).output();
    let out = out.map_err(|error| failed(&error.to_string()))?;
    if out.status.success() {
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    } else {
        Err(failed(String::from_utf8_lossy(&out.stderr).trim()))
    }
}

/// Kills a process and all its children at the same moment, as far as that goes.
pub(super) fn kill_family(parent: i32) {
    let is_child = |entry: &fs::DirEntry| {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.split_whitespace().nth(1) == Some(&parent.to_string())
    };
    let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
    let children: Vec<i32> =
        listed.filter(is_child).filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for pid in [parent].into_iter().chain(children).filter_map(Pid::from_raw) {
        // It may have ended meanwhile.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Shows the end of every log.
pub(super) fn print_tails(folder: &Path) {
    let mut logs: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .collect();
    logs.sort();
    for log in logs {
        let text = fs::read(&log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        eprintln!("---- the end of {}", log.display());
        for line in &lines[lines.len().saturating_sub(TAIL)..] {
            eprintln!("{line}");
        }
    }
}
