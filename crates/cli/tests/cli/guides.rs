//! The guides as their readers follow them: every command of a page is run, in the order of the page, by one shell.
//!
//! Addresses, paths and what a reader has to fill in are replaced. What belongs to a whole machine (the service manager, users,
//! owners) are functions of the shell that do the same to a folder. A command that fails ends the page. Every block of
//! commands in `docs/guide` and `docs/operating` is walked, or is said here not to be, with the reason.

mod institutions;
mod operators;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::yanmi::PROGRAM;

/// What a shell knows before the first command of a page.
const PRELUDE: &str = r#"
set -euo pipefail
cd "$ROOT"
# The first text of a member of what was printed last.
member() { grep -o "\"$1\":\"[^\"]*\"" "$LAST" | head -n 1 | cut -d '"' -f 4; }
# The key of what was printed last.
key() { grep -o '[0-9A-F]\{32\}' "$LAST" | head -n 1; }
# Starts a program that stays, and waits until it is ready.
begin() {
    exec {out}< <(exec "$@" 2>> "$ROOT/journal" < /dev/null)
    begun+=("$!")
    while read -r line <&"$out"; do
        echo "$line"
        case "$line" in *ready:*) READY=${line##*ready: }; return ;; esac
    done
    cat "$ROOT/journal" >&2
    return 1
}
begun=()
trap 'for pid in "${begun[@]}" ${served:-}; do kill "$pid" 2> /dev/null || true; done' EXIT
# As another user, as root, and under the service manager: all of it as who runs the test.
runuser() { shift 3; "$@"; }
useradd() { :; }
chown() { :; }
install() {
    local kept=()
    while [ $# -gt 0 ]; do
        case "$1" in -o | -g) shift 2 ;; *) kept+=("$1"); shift ;; esac
    done
    command install "${kept[@]}"
}
systemctl() {
    case "$1" in
        daemon-reload) ;;
        stop) kill "$served"; wait "$served" || true; served= ;;
        restart) systemctl stop; systemctl start ;;
        start | enable)
            exec {out}< <(exec yanmi serve --announce --config "$ROOT/etc/yanmi/yanmi.toml" 2>> "$ROOT/journal" < /dev/null)
            served=$!
            read -r INSTITUTION <&"$out"
            read -r OPERATIONS <&"$out"
            ;;
    esac
}
journalctl() { tail -n 5 "$ROOT/journal"; }
"#;

/// A page and how it is walked.
struct Walk {
    /// Its name in `docs`.
    page: &'static str,
    /// What is done before its first command.
    before: String,
    /// What is written otherwise in this place.
    edits: Vec<(&'static str, String)>,
    /// What a reader does by hand before the block with this text.
    by_hand: Vec<(&'static str, String)>,
    /// Blocks with this text are not run, and why.
    left_out: Vec<(&'static str, &'static str)>,
    /// What is done and held at the end.
    after: String,
}

impl Walk {
    fn of(page: &'static str) -> Self {
        let none = String::new();
        Self {
            page,
            before: none.clone(),
            edits: Vec::new(),
            by_hand: Vec::new(),
            left_out: Vec::new(),
            after: none,
        }
    }

    /// The page as one script. Every edit, deed by hand and omission must be about something that is there.
    fn script(&self) -> String {
        let text = std::fs::read_to_string(docs().join(self.page)).expect("a page");
        let blocks = blocks(&text);
        let all = blocks.concat();
        let named =
            self.by_hand.iter().map(|(text, _)| text).chain(self.left_out.iter().map(|(text, _)| text));
        for text in named.chain(self.edits.iter().map(|(text, _)| text)) {
            assert!(all.contains(text), "{}: no command with {text}", self.page);
        }
        let mut script = format!("{PRELUDE}\n{}\n", self.before);
        for (at, block) in blocks.iter().enumerate() {
            if self.left_out.iter().any(|(text, _)| block.contains(text)) {
                continue;
            }
            for (_, deed) in self.by_hand.iter().filter(|(text, _)| block.contains(text)) {
                let _ = writeln!(script, "{deed}");
            }
            let edited = self.edits.iter().fold(block.clone(), |text, (from, to)| text.replace(from, to));
            let _ = writeln!(
                script,
                "echo {}\n{{\n{edited}\n}} > \"$ROOT/said.{at}\" 2>&1 || {{ cat \"$ROOT/said.{at}\"; exit 1; }}\n\
                 LAST=\"$ROOT/said.{at}\"; cat \"$LAST\"",
                quoted(&format!("== {at}\n{edited}"))
            );
        }
        script + &self.after
    }

    /// Walks it in a folder; what was printed.
    fn run(&self, root: &Path) -> String {
        let programs = root.join("usr/local/bin");
        std::fs::create_dir_all(&programs).expect("a folder");
        // As small as a program can be that is moved about.
        for place in [programs.join("yanmi"), root.join("yanmi")] {
            std::fs::write(&place, format!("#!/bin/sh\nexec {PROGRAM} \"$@\"\n")).expect("written");
            let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(&place, runs).expect("a mode");
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let file = root.join("script");
        std::fs::write(&file, self.script()).expect("written");
        let ran = Command::new("bash")
            .arg(&file)
            .env("ROOT", root)
            .env("YANMI", PROGRAM)
            .env("PATH", format!("{}:{path}", programs.display()))
            .output()
            .expect("bash");
        let (out, errors) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{}:\n{out}\n{errors}", self.page);
        out.into_owned()
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The commands of a page, block by block.
fn blocks(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(usize, bool, String)> = None;
    for line in page.lines() {
        let bare = line.trim_start();
        let Some(language) = bare.strip_prefix("```") else {
            if let Some((indent, _, text)) = &mut open {
                let _ = writeln!(text, "{}", line.get(*indent..).unwrap_or_default());
            }
            continue;
        };
        match open.take() {
            Some((_, true, text)) => found.push(text),
            Some(_) => {}
            None => open = Some((line.len() - bare.len(), language == "sh", String::new())),
        }
    }
    found
}

/// Pages with commands that no test here follows: what they are about is tried by another.
const ELSEWHERE: [(&str, &str); 1] = [("operating/cluster.md", "cargo xtask cluster")];

#[test]
fn every_page_with_commands_is_walked() {
    let walked = institutions::PAGES.iter().chain(&operators::PAGES).copied();
    let known: BTreeSet<&str> = walked.chain(ELSEWHERE.iter().map(|(page, _)| *page)).collect();
    let mut with_commands = BTreeSet::new();
    for folder in ["guide", "operating"] {
        for entry in std::fs::read_dir(docs().join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = format!("{folder}/{}", path.file_name().expect("a name").to_string_lossy());
            if path.extension().is_some_and(|kind| kind == "md")
                && !blocks(&std::fs::read_to_string(&path).expect("a page")).is_empty()
            {
                with_commands.insert(name);
            }
        }
    }
    let with_commands: BTreeSet<&str> = with_commands.iter().map(String::as_str).collect();
    let forgotten: Vec<_> = with_commands.difference(&known).collect();
    assert!(forgotten.is_empty(), "nobody follows {forgotten:?}");
}
