//! `cargo xtask bench`: one table, each row a ratio to the echo of the same run.
//!
//! `yanmi load` starts each server in a process of its own, on a core of its own. The echo is measured before and
//! after the other rows and the better of both counts, so that a busy machine makes ratios look worse, never better.

use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::cargo::{built, cargo, done};

/// What it is called with.
pub(crate) const USAGE: &str = "bench [--seconds N] [--ledger N] [--database URL]";
/// Seconds of each measurement unless told otherwise.
const SECONDS: &str = "10";
/// Verifications in the ledger for the status row unless told otherwise.
const LEDGER: &str = "1000000";
/// What a mac may cost a request, in microseconds: one to check and one to make, with room for noise.
const MAC_MICROS: u32 = 4;
/// Event streams that are opened at once.
const STREAMS: &str = "10000";

/// How it is measured.
struct Settings {
    seconds: String,
    ledger: String,
    /// The PostgreSQL database of four more rows, which fills with what they write; empty for none. Its server shares
    /// the two cores.
    database: String,
}

impl Settings {
    fn read(words: &[&str]) -> Option<Self> {
        let mut settings =
            Self { seconds: SECONDS.to_owned(), ledger: LEDGER.to_owned(), database: String::new() };
        for pair in words.chunks(2) {
            let (name, value) = (pair.first()?, pair.get(1)?);
            let setting = match *name {
                "--seconds" => &mut settings.seconds,
                "--ledger" => &mut settings.ledger,
                "--database" => &mut settings.database,
                _ => return None,
            };
            (*value).clone_into(setting);
        }
        Some(settings)
    }
}

/// Measures and prints.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    let Some(settings) = Settings::read(words) else {
        eprintln!("usage: cargo xtask {USAGE}");
        return ExitCode::from(2);
    };
    match table(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn table(settings: &Settings) -> Result<(), String> {
    done(cargo().args(["build", "--profile", "dist", "--quiet"]), "the build failed")?;
    let Settings { seconds, ledger, database } = settings;
    let load = |what, ledger: &str, more: &[&str]| {
        measure(what, seconds, "64", &[&["--ledger", ledger], more].concat())
    };
    let before = load("echo", "0", &[])?;
    // With a mac right beside without, so that both have the same neighbors.
    let with_mac = |what, ledger: &str| {
        let mut row = load(what, ledger, &["--mac"])?;
        row["what"] = format!("{what}, with a mac").into();
        Ok::<_, String>(row)
    };
    let mut rows = vec![
        load("status", ledger, &[])?,
        with_mac("status", ledger)?,
        load("notify", "0", &[])?,
        with_mac("notify", "0")?,
        load("tap", "0", &[])?,
        load("gate", "0", &[])?,
    ];
    if !database.is_empty() {
        let ledger = ledger.as_str();
        for (what, ledger, centers) in
            [("status", ledger, "1"), ("status", ledger, "2"), ("notify", "0", "1"), ("notify", "0", "2")]
        {
            let mut row = load(what, ledger, &["--database", database, "--centers", centers])?;
            let by = if centers == "1" { "one center" } else { "two centers on the same core" };
            row["what"] = format!("{what}, PostgreSQL, {by}").into();
            rows.push(row);
        }
    }
    let streams = measure("streams", seconds, STREAMS, &[])?;
    let after = load("echo", "0", &[])?;
    let echo = rate(&before).max(rate(&after));
    println!("| what | requests/s | of echo | p50 µs | p99 µs | ledger | idle KiB | after KiB |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in [&before, &after].into_iter().chain(&rows) {
        print_row(row, echo);
    }
    // The server has one core and it is busy: a request costs what is left of a second for it.
    for pair in [&rows[..2], &rows[2..4]] {
        let more = 1e6 / rate(&pair[1]) - 1e6 / rate(&pair[0]);
        println!(
            "a mac costs a {} request {more:.1} µs (at most {MAC_MICROS})",
            pair[0]["what"].as_str().unwrap_or("?")
        );
    }
    let number = |name: &str| streams[name].as_u64().unwrap_or(0);
    println!(
        "{STREAMS} event streams: {} bytes each, an event is with all of them after {} µs",
        number("bytesPerStream"),
        number("eventToAllMicros")
    );
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

fn measure(what: &str, seconds: &str, connections: &str, more: &[&str]) -> Result<Value, String> {
    eprintln!("measuring {what} …");
    let out = Command::new(built("dist/yanmi"))
        .args(["load", "--json", "--what", what, "--seconds", seconds, "--connections", connections])
        .args(more)
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&out.stdout);
    serde_json::from_str(&text).map_err(|_| String::from_utf8_lossy(&out.stderr).into_owned())
}
