//! Worlds and cuts for as long as there is time: each seed another kind of hour.

use std::fmt;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::cuts::{CutSettings, Failure, cut};
use crate::run::{Faults, Settings, run};

/// After so many worlds there are some cuts.
const WORLDS: u64 = 12;
/// Every so-many-th operation of the play is cut then.
const STEP: u64 = 17;

/// What there was in all of it.
#[derive(Debug, Default)]
pub struct LongReport {
    /// Worlds that were run.
    pub worlds: u64,
    /// How much time passed in them.
    pub simulated: Duration,
    /// How often an institution was told that it may settle.
    pub confirmed: u64,
    /// How often a center was started.
    pub lives: u64,
    /// Cuts that were made.
    pub cuts: u64,
    /// What was found, each with what it takes to see it again.
    pub found: Vec<String>,
}

impl fmt::Display for LongReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worlds, confirmed, lives, cuts, found, .. } = self;
        let days = self.simulated.as_secs_f64() / 86_400.0;
        write!(
            f,
            "{worlds} worlds, {days:.1} simulated days, {confirmed} times \"1\", {lives} lives, {cuts} cuts, {} found",
            found.len()
        )
    }
}

/// The world of a seed: dense or sparse, long or short, with more or fewer faults.
pub fn settings_of(seed: u64) -> Settings {
    let mut chance = Chance::new(seed).fork("kind", 0);
    let (gap, minutes) = [(3, 30), (10, 60), (10, 120), (60, 360), (240, 1_440)][chance.place(5)];
    let every = [20, 45, 90, 600][chance.place(4)];
    Settings {
        seed,
        length: Duration::from_mins(minutes),
        gap: Duration::from_secs(gap),
        persons: [40, 200, 800][chance.place(3)],
        centers: 1,
        faults: Faults::Drawn(Duration::from_secs(every)),
    }
}

/// Runs from this seed on until it is time; `tell` hears of each finding at once.
pub fn run_long(first: u64, within: Duration, tell: impl Fn(&str)) -> LongReport {
    let begun = Instant::now();
    let mut report = LongReport::default();
    let mut seed = first;
    while begun.elapsed() < within {
        let played = run(&settings_of(seed), |_| {});
        report.worlds += 1;
        report.simulated += played.simulated;
        report.confirmed += played.confirmed;
        report.lives += played.lives;
        let again = format!("world {seed} --drawn");
        let mut found: Vec<String> = played.found.iter().map(|what| format!("{again}: {what}")).collect();
        if report.worlds % WORLDS == 0 {
            for failure in [Failure::Power, Failure::Process] {
                let settings = CutSettings { seed, step: STEP, first: seed, failure, lying: false };
                let cuts = cut(&settings, |_| {});
                report.cuts += cuts.cuts;
                found.extend(cuts.found.iter().map(|what| format!("{settings:?}: {what}")));
            }
        }
        for what in &found {
            tell(what);
        }
        report.found.append(&mut found);
        seed = seed.wrapping_add(1);
    }
    report
}
