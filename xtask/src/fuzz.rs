//! `cargo xtask fuzz SECONDS`: gives what strangers write to libFuzzer, which follows the coverage, for so long each.
//!
//! Stable Rust can do it: LLVM's pass that counts is chosen by flags of the code generator, and the rest is an ordinary
//! crate (which needs a C++ compiler). What is found lies in `target/fuzz`, with the inputs that led to new code, from
//! where the next run goes on.

use std::process::{Command, ExitCode};

use crate::cargo::{cargo, done, ended, host, root};

/// What there is to be tried.
const TARGETS: [&str; 4] = ["display", "message", "envelope", "sheet"];
/// Counters at every edge, and comparisons told.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";
/// Nothing takes longer than this, in seconds.
const LONGEST: u32 = 5;
/// Bytes of one input at most: longer than any message that is read to the end.
const LARGEST: u32 = 4_096;
const OUT: &str = "target/fuzz";

pub(crate) fn run(seconds: &str) -> ExitCode {
    let Ok(seconds) = seconds.parse() else {
        eprintln!("{seconds}: seconds for each target are a number");
        return ExitCode::from(2);
    };
    ended("fuzz", TARGETS.iter().try_for_each(|target| try_one(target, seconds)))
}

fn try_one(target: &str, seconds: u32) -> Result<(), String> {
    let root = root();
    let out = root.join(OUT);
    let corpus = out.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).map_err(|why| format!("{}: {why}", corpus.display()))?;
    let triple = host()?;
    let build = ["build", "--quiet", "--release", "--locked", "--target", &triple, "--bin", target];
    done(
        cargo()
            .args(build)
            .env("RUSTFLAGS", FLAGS)
            .env("CARGO_TARGET_DIR", &out)
            .current_dir(root.join("fuzz")),
        "the build failed",
    )?;
    let mut fuzzer = Command::new(out.join(&triple).join("release").join(target));
    fuzzer.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={LONGEST}"));
    fuzzer.arg(format!("-max_len={LARGEST}")).arg(format!("-artifact_prefix={}/{target}-", out.display()));
    fuzzer.args(["-print_final_stats=1", "-verbosity=0"]).arg(corpus);
    let seeds = root.join("fuzz/seeds").join(target);
    if seeds.is_dir() {
        fuzzer.arg(seeds);
    }
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
