//! `cargo xtask night [--hours N]`: everything that gets better the longer it runs, one after the other, and what came of it as
//! one file: `target/night/<date>/report.md`.
//!
//! The steps of a known length come first; what is left of the night is shared by the targets of the fuzzer, as many at a time
//! as there are cores. A step that finds something, or fails, keeps no other from running. Ctrl-C ends what runs and
//! writes what there is. The command fails when something was found.
//!
//! The benchmark is not among them: it prints numbers for people to compare, and has no bound that it could break.

mod report;
mod step;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use yanmi_protocol::UnixMillis;

use crate::cargo::root;
use crate::fuzz;
use report::Report;
use step::{NightStep, StepOutcome};

/// What it is called with.
pub(crate) const USAGE: &str = "night [--hours N]";
/// Hours, unless told otherwise.
const HOURS: f64 = 8.0;
/// What each target of the fuzzer gets at least, whatever the others took.
const LEAST: Duration = Duration::from_mins(1);
/// Nights of one date.
const MOST_A_DAY: u32 = 100;

/// How deep the rules are walked: 71 million steps in a minute, and 6.3 GB. One step more is six times that.
const DEEPEST: &str = "8";

/// What runs before the fuzzer: its name, the words behind `cargo xtask`, and the longest it may take, in minutes. A step that
/// takes longer is ended, which is no finding. To add one is to add a line here.
const STEPS: [(&str, &[&str], u64); 6] = [
    ("asan", &["asan"], 60),
    ("walk", &["walk", DEEPEST], 90),
    ("cluster", &["cluster"], 60),
    ("planted", &["planted"], 60),
    ("cuts", &["world", "today", "--cuts", "1"], 60),
    ("world", &["world", "today", "--long", "120"], 135),
];

pub(crate) fn run(words: &[&str]) -> ExitCode {
    let hours = match words {
        [] => Some(HOURS),
        ["--hours", hours] => hours.parse().ok().filter(|hours| (0.0..=1_000.0).contains(hours)),
        _ => None,
    };
    let Some(hours) = hours else {
        eprintln!("usage: cargo xtask {USAGE}");
        return ExitCode::from(2);
    };
    match night(Duration::from_secs_f64(hours * 3_600.0)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("night: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing was found.
fn night(long: Duration) -> Result<bool, String> {
    let ended = Instant::now() + long;
    let stop = stopped_by_ctrl_c()?;
    let report = Report::begin(folder()?, long)?;
    let steps = STEPS.map(|(name, words, minutes)| NightStep::new(name, words, Duration::from_mins(minutes)));
    for step in steps {
        let within = ended.saturating_duration_since(Instant::now());
        if stop.load(Ordering::Relaxed) || within.is_zero() {
            report.add(&step, &StepOutcome::not_run())?;
        } else {
            report.add(&step, &step.run(report.folder(), within, &stop))?;
        }
    }
    fuzz_all(&report, ended, &stop)?;
    report.end(stop.load(Ordering::Relaxed))
}

/// Each target has its share of the time, as many at a time as there are cores.
fn fuzz_all(report: &Report, ended: Instant, stop: &AtomicBool) -> Result<(), String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut left: Vec<&str> = fuzz::TARGETS.to_vec();
    // What is built by the first one is not built by two at once.
    let built = NightStep::new("fuzz-build", &["fuzz", "build"], Duration::from_hours(1));
    if stop.load(Ordering::Relaxed) {
        return report.add(&built, &StepOutcome::not_run());
    }
    let outcome = built.run(report.folder(), Duration::from_hours(1), stop);
    let is_built = outcome.is_done();
    report.add(&built, &outcome)?;
    let rounds = u32::try_from(left.len().div_ceil(cores)).unwrap_or(1);
    let share = (ended.saturating_duration_since(Instant::now()) / rounds).max(LEAST);
    while is_built && !left.is_empty() && !stop.load(Ordering::Relaxed) {
        let together: Vec<&str> = left.drain(..left.len().min(cores)).collect();
        let done: Vec<(NightStep, StepOutcome)> = thread::scope(|scope| {
            let run = |target: &str| {
                let seconds = share.as_secs().to_string();
                let each =
                    NightStep::new(&format!("fuzz-{target}"), &["fuzz", &seconds, target], share * 2 + LEAST);
                let outcome = each.run(report.folder(), share * 2 + LEAST, stop);
                (each, outcome)
            };
            let threads: Vec<_> = together.iter().map(|target| scope.spawn(move || run(target))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        for (step, outcome) in &done {
            report.add(step, outcome)?;
        }
    }
    for target in left {
        report.add(&NightStep::new(&format!("fuzz-{target}"), &[], LEAST), &StepOutcome::not_run())?;
    }
    Ok(())
}

/// A folder of its own, by the date in the time zone of everything here.
fn folder() -> Result<PathBuf, String> {
    #[expect(clippy::disallowed_methods, reason = "a report has the date of the machine it is made on")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|why| why.to_string())?;
    let millis = i64::try_from(now.as_millis()).map_err(|why| why.to_string())?;
    let (date, nights) = (UnixMillis::new(millis).shanghai_date(), root().join("target/night"));
    fs::create_dir_all(&nights).map_err(|why| format!("{}: {why}", nights.display()))?;
    for more in 1..MOST_A_DAY {
        let name = if more == 1 { date.clone() } else { format!("{date}-{more}") };
        let folder = nights.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(why) => return Err(format!("{}: {why}", folder.display())),
        }
    }
    Err(format!("{}: too many nights of one date", nights.display()))
}

/// Becomes true when somebody presses Ctrl-C, or asks the process to end.
fn stopped_by_ctrl_c() -> Result<Arc<AtomicBool>, String> {
    use tokio::signal::unix::{SignalKind, signal};

    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| why.to_string())?;
    // Before anything is started: from here on nobody ends us without being noticed.
    let signals = {
        let _inside = runtime.enter();
        signal(SignalKind::interrupt()).and_then(|first| Ok((first, signal(SignalKind::terminate())?)))
    };
    let (mut interrupt, mut terminate) = signals.map_err(|why| why.to_string())?;
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        told.store(true, Ordering::Relaxed);
    });
    Ok(stop)
}
