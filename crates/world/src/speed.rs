//! How fast worlds pass on this machine, on one core: what is claimed of it can be measured by anybody. No test measures it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use yanmi_world::{Faults, Settings, run};

/// A visit each minute, and one every three seconds.
fn worlds(seed: u64) -> [Settings; 2] {
    let world = |length, gap| Settings { seed, length, gap, persons: 200, centers: 1, faults: Faults::None };
    let (sparse, dense) = (Duration::from_mins(1), Duration::from_secs(3));
    [world(Duration::from_hours(10), sparse), world(Duration::from_hours(1), dense)]
}

/// Runs them so many times, and prints how many simulated hours passed in a second of each; fails when anything is found. The
/// quickest run counts, because whatever else the machine does makes one only slower.
pub(crate) fn measure(seed: u64, runs: u32) -> ExitCode {
    for settings in worlds(seed) {
        let mut quickest = Duration::MAX;
        let mut simulated = Duration::ZERO;
        for _ in 0..runs {
            let begun = Instant::now();
            let report = run(&settings, |_| {});
            quickest = quickest.min(begun.elapsed());
            simulated = report.simulated;
            if let Some(first) = report.found.first() {
                println!("{first}");
                return ExitCode::FAILURE;
            }
        }
        println!(
            "a visit every {} s: {:.2} simulated hours a second ({} min in {:.2} s, the quickest of {runs} runs)",
            settings.gap.as_secs(),
            simulated.as_secs_f64() / 3_600.0 / quickest.as_secs_f64(),
            simulated.as_secs() / 60,
            quickest.as_secs_f64(),
        );
    }
    ExitCode::SUCCESS
}
