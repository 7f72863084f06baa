//! `yanmi-world`: runs worlds, and says what contradicts the contract. `cargo xtask world` builds and calls it.

mod bar;
mod options;
mod speed;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use yanmi_world::{
    CutReport, CutSettings, LongSettings, Report, Settings, cut, cut_desk, cut_making, run, run_long,
    settings_of, shrink, usual,
};

use crate::bar::{Bar, StatusLine};
use crate::options::Options;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Lines of what happened that are printed when something is found.
const LINES: usize = 60;
/// Contradictions that are printed.
const PRINTED: usize = 10;

fn main() -> ExitCode {
    let options = Options::parse();
    let settings = match options.settings() {
        Ok(settings) => settings,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    hold_one_core();
    if let Some(seconds) = options.usual {
        return usual_worlds(Duration::from_secs(seconds));
    }
    if let (Some(runs), Some(first)) = (options.speed, options.seeds().next()) {
        return speed::measure(first, runs.max(1));
    }
    if let Some(settings) = options.long_settings(version()) {
        return long_run(&settings);
    }
    let mut wrong = false;
    for seed in options.seeds() {
        match verdict_of(seed, &settings, &options) {
            Verdict::Right => {}
            Verdict::Wrong => wrong = true,
            // Its thread has the core.
            Verdict::StandsStill => return ExitCode::FAILURE,
        }
    }
    if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What is to be said of a seed.
enum Verdict {
    Right,
    Wrong,
    /// It does not come to an end.
    StandsStill,
}

impl Verdict {
    fn of(wrong: bool, stands_still: bool) -> Self {
        match (wrong, stands_still) {
            (_, true) => Self::StandsStill,
            (true, false) => Self::Wrong,
            (false, false) => Self::Right,
        }
    }
}

/// Plays worlds of all kinds until it is time; whether nothing was found, in this run and those before it.
fn long_run(settings: &LongSettings) -> ExitCode {
    let line = StatusLine::new();
    let told = run_long(settings, |report, found| {
        for finding in found {
            line.clear();
            println!("{finding}\n");
        }
        line.show(&report.to_string());
    });
    line.clear();
    match told {
        Ok(report) => {
            println!("{report}; next is seed {}", report.next_seed);
            if report.found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Which program this is: where it was built, as long as its sources are there, or by its number.
fn version() -> String {
    let mut git = std::process::Command::new("git");
    git.args(["describe", "--always", "--dirty"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let described = git.output().ok().filter(|done| done.status.success());
    let described = described.map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned());
    described.unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned())
}

/// Plays the worlds that the tests go through, until something is found.
fn usual_worlds(within: Duration) -> ExitCode {
    let begun = Instant::now();
    let worlds = usual::all().map(|settings| run(&settings, |_| {}).found);
    let of_desks = usual::cuts().map(|settings| cut_desk(&settings, |_| {}).found);
    let cuts = usual::cuts().map(|settings| cut(&settings, |_| {}).found);
    for found in worlds.chain(of_desks).chain(cuts) {
        if let Some(first) = found.first() {
            println!("{first}");
            return ExitCode::FAILURE;
        }
        if begun.elapsed() > within {
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::SUCCESS
}

/// Plays a seed, and says what was found.
fn verdict_of(seed: u64, settings: &Settings, options: &Options) -> Verdict {
    if let Some(all) = options.cut_settings(seed) {
        return verdict_of_cuts(&all);
    }
    let settings = if options.drawn { settings_of(seed) } else { Settings { seed, ..settings.clone() } };
    let begun = Instant::now();
    let report = played(&settings);
    let hours = report.simulated.as_secs_f64() / 3_600.0;
    eprintln!("{:.1} simulated hours a second", hours / begun.elapsed().as_secs_f64());
    let mut wrong = !report.found.is_empty();
    if options.twice && !report.stands_still {
        let again = played(&settings);
        if (report.trace_hash, report.rows_hash) != (again.trace_hash, again.rows_hash) {
            wrong = true;
            println!("the same seed gave another world:\n{again}");
        }
    }
    if options.plan {
        print!("{}", report.plan);
    }
    if report.stands_still {
        report.found.iter().take(PRINTED).for_each(|found| println!("{found}\n"));
        println!("{}", report.diagram(options.visit, options.lines.unwrap_or(LINES)));
    } else if !report.found.is_empty() {
        tell(&settings, &report, options);
    } else if let Some(lines) = options.lines {
        println!("{}", report.diagram(options.visit, lines));
    }
    println!("{report}");
    Verdict::of(wrong, report.stands_still)
}

/// Makes the cuts at a seed, and says what was found.
fn verdict_of_cuts(all: &[CutSettings]) -> Verdict {
    type Making = fn(&CutSettings) -> CutReport;
    let kinds: [(&str, Making); 3] = [
        ("of all commands", |settings| cut(settings, |_| {})),
        ("of a database's making", cut_making),
        ("of desks", |settings| cut_desk(settings, |_| {})),
    ];
    let mut wrong = false;
    for settings in all {
        for (of, make) in kinds {
            let report = make(settings);
            report.found.iter().take(PRINTED).for_each(|found| println!("{found}\n"));
            println!("seed {}, {:?}, {of}: {report}", settings.seed, settings.failure);
            if report.stands_still {
                return Verdict::StandsStill;
            }
            wrong |= !report.found.is_empty();
        }
    }
    Verdict::of(wrong, false)
}

fn played(settings: &Settings) -> Report {
    let bar = Bar::new(settings.length);
    run(settings, move |passed| bar.show(passed))
}

/// What was found, the smallest plan with which something still is, and what happened with it.
fn tell(settings: &Settings, report: &Report, options: &Options) {
    report.found.iter().take(PRINTED).for_each(|found| println!("{found}\n"));
    let (plan, smallest) = shrink(settings, report);
    println!("the smallest plan with which something is found, of {} faults:\n{plan}", report.plan.len());
    println!("seed {}: {}\n", settings.seed, smallest.found.first().map_or("", String::as_str));
    println!("{}", smallest.diagram(options.visit, options.lines.unwrap_or(LINES)));
}

/// All threads of a world wait for each other; on one core the handing over is cheapest.
fn hold_one_core() {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let Some(core) = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core)) else { return };
    let mut one = CpuSet::new();
    one.set(core);
    // Without it a world is slower, and the same.
    let _ = sched_setaffinity(None, &one);
}
