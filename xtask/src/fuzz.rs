//! `cargo xtask fuzz SECONDS [TARGET]…`: gives what strangers write to libFuzzer, which follows the coverage, for so long each,
//! as many at a time as there are cores.
//! `cargo xtask fuzz keep [TARGET]…` keeps of what was found what is worth it (`keep`).
//!
//! Stable Rust can do it: LLVM's pass that counts is chosen by flags of the code generator, and the rest is an ordinary
//! crate (which needs a C++ compiler). What is found lies in `target/fuzz`, with the inputs that led to new code, from
//! where the next run goes on. Every run begins with the inputs in `fuzz/seeds`, so none of those is ever broken unseen.

mod keep;
mod target;

use std::process::ExitCode;
use std::thread;

use crate::cargo::{cargo, done, ended, host, root};
pub(crate) use target::out;
use target::{corpus, fuzzer, seeds};

/// What it is called with.
pub(crate) const USAGE: &str = "fuzz SECONDS|build|keep [TARGET]...";
/// What there is to be tried.
pub(crate) const TARGETS: [&str; 9] =
    ["display", "message", "envelope", "sheet", "http_body", "form", "link", "import", "config"];
/// Counters at every edge, and comparisons told.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

pub(crate) fn run(words: &[&str]) -> ExitCode {
    let Some((what, named)) = words.split_first() else { return usage() };
    let targets: Vec<&str> = if named.is_empty() {
        TARGETS.to_vec()
    } else {
        TARGETS.into_iter().filter(|target| named.contains(target)).collect()
    };
    if !named.is_empty() && targets.len() < named.len() {
        eprintln!("there are the targets {}", TARGETS.join(", "));
        return ExitCode::from(2);
    }
    let each: &(dyn Fn(&str) -> Result<(), String> + Sync) = match (*what, what.parse::<u64>()) {
        ("build", _) => &|_| Ok(()),
        ("keep", _) => &keep::keep,
        (_, Ok(seconds)) => &move |target| try_one(target, seconds),
        _ => return usage(),
    };
    ended("fuzz", build().and_then(|()| side_by_side(&targets, each)))
}

/// Does it with each target, as many at a time as there are cores; what is wrong with one keeps no other from running.
fn side_by_side(targets: &[&str], each: &(dyn Fn(&str) -> Result<(), String> + Sync)) -> Result<(), String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut wrong = Vec::new();
    for together in targets.chunks(cores) {
        thread::scope(|scope| {
            let threads: Vec<_> = together.iter().map(|target| scope.spawn(move || each(target))).collect();
            for thread in threads {
                wrong.extend(thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())).err());
            }
        });
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn usage() -> ExitCode {
    eprintln!("usage: cargo xtask {USAGE}");
    ExitCode::from(2)
}

/// Builds all targets: they share nearly everything.
fn build() -> Result<(), String> {
    let mut build = cargo();
    build
        .args(["build", "--quiet", "--release", "--locked", "--bins", "--target", &host()?])
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", out())
        .current_dir(root().join("fuzz"));
    done(&mut build, "the build failed")
}

fn try_one(target: &str, seconds: u64) -> Result<(), String> {
    let mut fuzzer = fuzzer(target)?;
    fuzzer.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
    fuzzer.arg(corpus(target)?).arg(seeds(target)?);
    let ran = fuzzer.output().map_err(|why| why.to_string())?;
    let said = String::from_utf8_lossy(&ran.stderr);
    if !ran.status.success() {
        return Err(format!("an input broke {target} ({})\n{said}", ran.status));
    }
    let stat = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        line.map_or("?", |rest| rest.trim_start_matches(':').trim()).to_owned()
    };
    println!(
        "{target}: {seconds} s, {} inputs, {} of them led to new code",
        stat("number_of_executed_units"),
        stat("new_units_added")
    );
    Ok(())
}
