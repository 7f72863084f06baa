//! `cargo xtask bench`: one table, each row a ratio to the echo of the same run.
//!
//! `yanmi load` starts each server in a process of its own, on a core of its own. The echo is measured before and
//! after the other rows and the better of both counts, so that a busy machine makes ratios look worse, never better.

use std::process::{Command, ExitCode};

use serde_json::Value;

/// Seconds of each measurement unless told otherwise.
const SECONDS: &str = "10";
/// Verifications in the ledger for the status row unless told otherwise.
const LEDGER: &str = "1000000";

/// Measures and prints.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    let option = |name: &str, default: &'static str| -> String {
        let at = words.iter().position(|word| *word == name);
        at.and_then(|at| words.get(at + 1)).map_or_else(|| default.to_owned(), |value| (*value).to_owned())
    };
    let (seconds, ledger) = (option("--seconds", SECONDS), option("--ledger", LEDGER));
    match table(&seconds, &ledger) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn table(seconds: &str, ledger: &str) -> Result<(), String> {
    cargo(&["build", "--release", "--quiet"])?;
    let before = load("echo", seconds, "0")?;
    let rows = [load("status", seconds, ledger)?, load("notify", seconds, "0")?];
    let after = load("echo", seconds, "0")?;
    let echo = rate(&before).max(rate(&after));
    println!("| what | requests/s | of echo | p50 µs | p99 µs | ledger | idle KiB | after KiB |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in [&before, &after].into_iter().chain(&rows) {
        print_row(row, echo);
    }
    Ok(())
}

fn print_row(row: &Value, echo: f64) {
    let number = |name: &str| row[name].as_u64().map_or_else(|| "-".to_owned(), |n| n.to_string());
    let memory = |at: usize| row["serverMemoryKib"][at].as_u64().unwrap_or(0);
    println!(
        "| {} | {:.0} | {:.2} | {} | {} | {} | {} | {} |",
        row["what"].as_str().unwrap_or("?"),
        rate(row),
        rate(row) / echo,
        number("p50Micros"),
        number("p99Micros"),
        number("ledger"),
        memory(0),
        memory(1)
    );
    for (error, count) in row["errors"].as_object().into_iter().flatten() {
        println!("| ↳ failed {error} | {count} | | | | | | |");
    }
}

fn rate(row: &Value) -> f64 {
    row["requestsPerSecond"].as_f64().unwrap_or(0.0)
}

fn load(what: &str, seconds: &str, ledger: &str) -> Result<Value, String> {
    eprintln!("measuring {what} …");
    let out = Command::new("target/release/yanmi")
        .args([
            "load",
            "--what",
            what,
            "--connections",
            "64",
            "--seconds",
            seconds,
            "--ledger",
            ledger,
            "--json",
        ])
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&out.stdout);
    serde_json::from_str(&text).map_err(|_| String::from_utf8_lossy(&out.stderr).into_owned())
}

fn cargo(args: &[&str]) -> Result<(), String> {
    let status = Command::new(env!("CARGO")).args(args).status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err("the release build failed".to_owned()) }
}
