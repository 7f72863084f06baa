//! What came of a night, as Markdown. It is written anew after each step, so that there is one whatever happens.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::step::{Ending, NightStep, StepOutcome};
use crate::cargo::root;
use crate::fuzz;

/// Letters of the last words of a step that stand in the table.
const MAX_LAST: usize = 160;

pub(super) struct Report {
    folder: PathBuf,
    head: String,
    /// What the fuzzer had found before.
    before: BTreeSet<PathBuf>,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    table: String,
    findings: Vec<String>,
}

impl Report {
    pub(super) fn begin(folder: PathBuf, long: Duration) -> Result<Self, String> {
        let head = format!(
            "# The night of {}\n\n| | |\n|---|---|\n| commit | {} |\n| rustc | {} |\n| cores | {} |\n| time | {} |\n",
            folder.file_name().and_then(|name| name.to_str()).unwrap_or("?"),
            commit(),
            told("rustc", &["-V"]),
            thread::available_parallelism().map_or(1, usize::from),
            text(long)
        );
        let report = Self { folder, head, before: artifacts(), rows: Mutex::default() };
        report.write("It is not over.").map(|()| report)
    }

    /// Where it and the words of the steps are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Another step has ended.
    pub(super) fn add(&self, step: &NightStep, outcome: &StepOutcome) -> Result<(), String> {
        {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            let row = row(step, outcome);
            println!("{}: {}", step.name, row.1);
            rows.table.push_str(&row.0);
            if outcome.ending == Ending::Found {
                let log = outcome.log.display();
                rows.findings.push(format!("- {}: `{}` failed, see `{log}`", step.name, step.command()));
            }
        }
        self.write("It is not over.")
    }

    /// Whether nothing was found.
    pub(super) fn end(self, interrupted: bool) -> Result<bool, String> {
        let new: Vec<PathBuf> = artifacts().difference(&self.before).cloned().collect();
        let is_clean = {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            for path in &new {
                rows.findings.push(format!("- an input that breaks its target: `{}`", path.display()));
            }
            rows.findings.is_empty()
        };
        self.write(if interrupted { "It was interrupted." } else { "It ran to its end." })?;
        println!("{}", self.folder.join("report.md").display());
        Ok(is_clean)
    }

    fn write(&self, ending: &str) -> Result<(), String> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let findings = match rows.findings.len() {
            0 => "Nothing was found.\n".to_owned(),
            _ => rows.findings.join("\n") + "\n",
        };
        let text = format!(
            "{}\n{ending}\n\n## Findings\n\n{findings}\n## Steps\n\n| step | how it ended | it took | what it said last |\n|---|---|---|---|\n{}",
            self.head, rows.table
        );
        let path = self.folder.join("report.md");
        fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))
    }
}

/// A row of the table, and how it ended in a word.
fn row(step: &NightStep, outcome: &StepOutcome) -> (String, &'static str) {
    let ending = match outcome.ending {
        Ending::Done => "done",
        Ending::Found => "**found**",
        Ending::Cut => "cut: no more time",
        Ending::Interrupted => "interrupted",
        Ending::NotRun => "not run",
    };
    let last: String = outcome.last.chars().take(MAX_LAST).map(|c| if c == '|' { '¦' } else { c }).collect();
    let mut out = String::new();
    // Into a text, which takes anything.
    let _ = writeln!(out, "| {} | {ending} | {} | {last} |", step.name, text(outcome.took));
    (out, ending)
}

fn text(long: Duration) -> String {
    let seconds = long.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The commit, and whether there is more than that.
fn commit() -> String {
    let changed = if told("git", &["status", "--porcelain"]).is_empty() { "" } else { ", with changes" };
    format!("{}{changed}", told("git", &["log", "-1", "--format=%H %s"]))
}

fn told(program: &str, words: &[&str]) -> String {
    let out = Command::new(program).args(words).current_dir(root()).output();
    out.map(|out| String::from_utf8_lossy(&out.stdout).trim().replace('|', "¦")).unwrap_or_default()
}

/// Inputs that broke a target: the files beside the folders of `target/fuzz`, named after how it broke.
fn artifacts() -> BTreeSet<PathBuf> {
    let kinds = ["-crash-", "-oom-", "-timeout-", "-leak-"];
    let is_one = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| kinds.iter().any(|kind| name.contains(kind)))
    };
    let listed = fs::read_dir(fuzz::out()).into_iter().flatten().flatten();
    listed.map(|entry| entry.path()).filter(is_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_there_from_the_first_moment_and_names_what_was_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let report = Report::begin(folder.path().to_owned(), Duration::from_secs(3_661)).expect("a report");
        let read = || fs::read_to_string(folder.path().join("report.md")).expect("a report");
        assert!(read().contains("It is not over.") && read().contains("| time | 1:01:01 |"), "{}", read());
        let step = NightStep::new("walk", &["walk", "9"], Duration::ZERO);
        let outcome = |ending| StepOutcome {
            ending,
            took: Duration::from_secs(61),
            last: "7 steps | 3 worlds".to_owned(),
            log: PathBuf::from("walk.log"),
        };
        report.add(&step, &outcome(Ending::Done)).expect("a row");
        assert!(read().contains("| walk | done | 0:01:01 | 7 steps ¦ 3 worlds |"), "{}", read());
        assert!(read().contains("Nothing was found."), "{}", read());
        report.add(&step, &outcome(Ending::Found)).expect("a row");
        report.add(&step, &outcome(Ending::Cut)).expect("a row");
        assert!(!report.end(true).expect("a report"), "something was found");
        let text = read();
        assert!(text.contains("- walk: `cargo xtask walk 9` failed, see `walk.log`"), "{text}");
        assert!(text.contains("It was interrupted.") && !text.contains("Nothing was found."), "{text}");
    }
}
