//! One step of a night: a command of this program, in a process group of its own, with its words in a file.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(200);
/// How long it may take to end when it is asked to.
const ENDS_WITHIN: Duration = Duration::from_mins(1);

/// Something that is run.
#[derive(Debug)]
pub(super) struct NightStep {
    pub(super) name: String,
    words: Vec<String>,
    longest: Duration,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    Done,
    /// It failed: what it found is in its file.
    Found,
    /// There was no more time for it.
    Cut,
    /// Somebody has ended the night.
    Interrupted,
    NotRun,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct StepOutcome {
    pub(super) ending: Ending,
    pub(super) took: Duration,
    /// The last line it wrote, which says how much was done.
    pub(super) last: String,
    /// Where all its words are.
    pub(super) log: PathBuf,
}

impl StepOutcome {
    pub(super) fn not_run() -> Self {
        Self { ending: Ending::NotRun, took: Duration::ZERO, last: String::new(), log: PathBuf::new() }
    }

    pub(super) fn is_done(&self) -> bool {
        self.ending == Ending::Done
    }
}

impl NightStep {
    /// A command of this program that takes no longer than this.
    pub(super) fn new(name: &str, words: &[&str], longest: Duration) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { name: name.to_owned(), words, longest }
    }

    /// What was typed, as somebody would type it again.
    pub(super) fn command(&self) -> String {
        format!("cargo xtask {}", self.words.join(" "))
    }

    /// Runs it within this time, or until somebody ends the night.
    pub(super) fn run(&self, folder: &Path, within: Duration, stop: &AtomicBool) -> StepOutcome {
        let begun = Instant::now();
        let log = folder.join(format!("{}.log", self.name));
        println!("{} …", self.command());
        let ending = match self.start(&log) {
            Ok(child) => wait(child, begun + within.min(self.longest), stop),
            Err(why) => {
                // Where its words would be is why there are none.
                let _ = fs::write(&log, why);
                Ending::Found
            }
        };
        StepOutcome { ending, took: begun.elapsed(), last: last_line(&log), log }
    }

    fn start(&self, log: &Path) -> Result<Child, String> {
        let failed = |why: std::io::Error| why.to_string();
        let file = File::create(log).map_err(failed)?;
        let errors = file.try_clone().map_err(failed)?;
        let program = std::env::current_exe().map_err(failed)?;
        let mut command = Command::new(program);
        command.args(&self.words).stdin(Stdio::null()).stdout(file).stderr(errors).process_group(0);
        command.spawn().map_err(failed)
    }
}

fn wait(mut child: Child, until: Instant, stop: &AtomicBool) -> Ending {
    let of = |status: ExitStatus| if status.success() { Ending::Done } else { Ending::Found };
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return of(status),
            Ok(None) if stop.load(Ordering::Relaxed) => {
                end(child);
                return Ending::Interrupted;
            }
            Ok(None) if Instant::now() >= until => {
                end(child);
                return Ending::Cut;
            }
            Ok(None) => thread::sleep(LOOK),
            Err(_) => return Ending::Found,
        }
    }
}

/// Asks it and everything it has started to end, then ends it.
fn end(mut child: Child) {
    let group = Pid::from_child(&child);
    // It may have ended by itself meanwhile.
    let _ = kill_process_group(group, Signal::INT);
    let until = Instant::now() + ENDS_WITHIN;
    while Instant::now() < until {
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
        thread::sleep(LOOK);
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}

fn last_line(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(script: &str, within: Duration, stopped: bool) -> Ending {
        let mut command = Command::new("sh");
        let child = command.args(["-c", script]).process_group(0).spawn().expect("a shell");
        wait(child, Instant::now() + within, &AtomicBool::new(stopped))
    }

    #[test]
    fn an_ending_says_why() {
        let long = Duration::from_hours(1);
        assert_eq!(ended("exit 0", long, false), Ending::Done);
        assert_eq!(ended("exit 3", long, false), Ending::Found);
        assert_eq!(ended("exec sleep 3600", Duration::ZERO, false), Ending::Cut);
        assert_eq!(ended("exec sleep 3600", long, true), Ending::Interrupted);
    }

    #[test]
    fn the_last_line_that_says_something_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("a.log");
        fs::write(&log, "first\nlast words\n\n").expect("a file");
        assert_eq!(last_line(&log), "last words");
        assert_eq!(last_line(&folder.path().join("none")), "");
    }
}
