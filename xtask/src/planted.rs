//! `cargo xtask planted`: mistakes are planted in a copy of the program, one at a time, and the worlds that the tests go
//! through have to find each of them. How soon they do is printed.
//!
//! A test that cannot fail says nothing, and neither does an oracle. So each rule of it is shown a center that breaks it. The
//! mistakes are in none of our files: each is a place of the source and what stands there instead, and the copy is built once, with
//! all of them behind one environment variable that says which is in force.

mod mistakes;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use self::mistakes::{MISTAKES, Mistake};
use crate::cargo::{cargo, done, ended, root};
use crate::world::in_turns;

/// Where the copy is, and what is built of it.
const OUT: &str = "target/planted";
/// Says which mistake is in force; asked where each of them stands.
const VARIABLE: &str = "YANMI_PLANTED";
/// Each has to be found within this.
const WITHIN: Duration = Duration::from_mins(1);
/// How `timeout` says that it ended what it called.
const TIMED_OUT: i32 = 124;
/// What the copy is made of.
const COPIED: [&str; 5] = ["Cargo.toml", "Cargo.lock", ".cargo", "crates", "docs"];

pub(crate) fn run(words: &[&str]) -> ExitCode {
    ended("planted", try_all(words))
}

fn try_all(wanted: &[&str]) -> Result<(), String> {
    if let Some(unknown) = wanted.iter().find(|name| !MISTAKES.iter().any(|it| it.name == **name)) {
        return Err(format!("there is no mistake {unknown}"));
    }
    let source = root().join(OUT).join("source");
    copy(&source)?;
    plant(&source)?;
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--package", "yanmi-world"]);
    build.current_dir(&source).env("CARGO_TARGET_DIR", root().join(OUT).join("build"));
    done(&mut build, "the build failed")?;
    let program = root().join(OUT).join("build/release/yanmi-world");
    look(&program, "")?.map_or(Ok(()), |_| Err("something is found with nothing planted".to_owned()))?;
    let mut missed = Vec::new();
    for Mistake { name, .. } in MISTAKES.iter().filter(|it| wanted.is_empty() || wanted.contains(&it.name)) {
        match look(&program, name)? {
            Some((after, what)) => println!("{name}: {:.1} s: {what}", after.as_secs_f64()),
            None => missed.push(*name),
        }
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("not found within {WITHIN:?}: {}", missed.join(", ")))
    }
}

/// Runs the usual worlds with a mistake in force, until something is found or it is time: after how long, and what.
fn look(program: &Path, mistake: &str) -> Result<Option<(Duration, String)>, String> {
    let begun = Instant::now();
    let seconds = WITHIN.as_secs().to_string();
    // A world that is not over by then has found nothing within it.
    let mut ran = in_turns(Path::new("timeout"));
    ran.arg(&seconds).arg(program).args(["--usual", &seconds]).env(VARIABLE, mistake);
    let ran = ran.output().map_err(|why| why.to_string())?;
    if ran.status.code() == Some(TIMED_OUT) {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&ran.stdout);
    let found = said.lines().next().unwrap_or_default().chars().take(100).collect();
    Ok((!ran.status.success()).then(|| (begun.elapsed(), found)))
}

fn copy(source: &Path) -> Result<(), String> {
    // One that is not there need not be removed.
    let _ = std::fs::remove_dir_all(source);
    std::fs::create_dir_all(source).map_err(|why| why.to_string())?;
    // What has not changed keeps its time, so that it is not compiled again.
    let mut copy = Command::new("cp");
    copy.args(["--recursive", "--preserve=timestamps"]);
    copy.args(COPIED.map(|name| root().join(name))).arg(source);
    done(&mut copy, "cp failed")?;
    let alone =
        read("Cargo.toml")?.replace("members = [\"crates/*\", \"xtask\"]", "members = [\"crates/*\"]");
    write(&source.join("Cargo.toml"), &alone)
}

/// Puts every mistake where it belongs, behind a question whether it is in force.
fn plant(source: &Path) -> Result<(), String> {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for Mistake { name, file, right, wrong } in &MISTAKES {
        let count = read(file)?.matches(right).count();
        if count != 1 {
            return Err(format!("{name}: its place stands {count} times in {file}"));
        }
        let asked = format!("std::env::var_os(\"{VARIABLE}\").is_some_and(|it| it == \"{name}\")");
        let text = texts.remove(file).map_or_else(|| read(file), Ok)?;
        texts.insert(file, text.replacen(right, &wrong.replace("PLANTED", &asked), 1));
    }
    texts.iter().try_for_each(|(file, text)| write(&source.join(file), text))
}

fn read(file: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(file)).map_err(|why| format!("{file}: {why}"))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_place_and_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for mistake in &MISTAKES {
            let text = read(mistake.file).expect("a file");
            assert_eq!(text.matches(mistake.right).count(), 1, "{}", mistake.name);
            assert!(mistake.wrong.contains("PLANTED") && names.insert(mistake.name), "{}", mistake.name);
        }
    }
}
