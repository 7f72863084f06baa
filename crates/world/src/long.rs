//! Worlds and cuts for as long as there is time: each seed another kind of hour.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::chance::Chance;
use crate::cuts::{CutSettings, cut};
use crate::failure::Failure;
use crate::record::{Finding, LongReport, RecordError, RecordFile};
use crate::run::{Faults, Settings, run};

/// After so many worlds there are some cuts.
const WORLDS: u64 = 12;
/// Every so-many-th operation of the play is cut then.
const STEP: u64 = 17;

/// What a long run is to be like.
#[derive(Clone, Debug)]
pub struct LongSettings {
    /// The first seed, where no record says which is next.
    pub first: u64,
    /// How long it runs; a world that has begun is played to its end.
    pub within: Duration,
    /// Where the record of all runs together is, if one is kept.
    pub record: Option<PathBuf>,
    /// Which program this is, for the record.
    pub version: String,
}

/// The world of a seed: dense or sparse, long or short, with more or fewer faults, with one center or three.
pub fn settings_of(seed: u64) -> Settings {
    let mut chance = Chance::new(seed).fork("kind", 0);
    let (gap, minutes) = [(3, 30), (10, 60), (10, 120), (60, 360), (240, 1_440)][chance.place(5)];
    let every = [20, 45, 90, 600][chance.place(4)];
    Settings {
        seed,
        length: Duration::from_mins(minutes),
        gap: Duration::from_secs(gap),
        persons: [40, 200, 800][chance.place(3)],
        centers: [1, 1, 3][chance.place(3)],
        faults: Faults::Drawn(Duration::from_secs(every)),
    }
}

/// The cuts at a seed, by how the machine fails: those of the command's `--cuts` with this step.
pub fn cuts_of(seed: u64, step: u64) -> [CutSettings; 2] {
    let settings = |failure| CutSettings { seed, step, first: seed, failure, lying: false };
    [Failure::Power, Failure::Process].map(settings)
}

/// Runs seeds until it is time, or one of them stands still, from where the record says that the last run stopped. `tell` hears what
/// there is in all after each world, and what was found in this one.
///
/// # Errors
/// When the record is none, or cannot be written.
pub fn run_long(
    settings: &LongSettings,
    tell: impl FnMut(&LongReport, &[Finding]),
) -> Result<LongReport, RecordError> {
    run_kinds(settings, settings_of, tell)
}

fn run_kinds(
    settings: &LongSettings,
    kind: impl Fn(u64) -> Settings,
    mut tell: impl FnMut(&LongReport, &[Finding]),
) -> Result<LongReport, RecordError> {
    let file = settings.record.as_deref().map(RecordFile::at);
    let before = file.as_ref().map(RecordFile::read).transpose()?.flatten();
    let mut report = before.unwrap_or_else(|| LongReport::begin(settings.first, settings.version.clone()));
    report.version.clone_from(&settings.version);
    let begun = Instant::now();
    let (taken, ran_before) = (core_time(), report.ran_millis);
    while begun.elapsed() < settings.within {
        let known = report.found.len();
        let seed = report.next_seed;
        let stands_still = play(&kind(seed), &mut report);
        report.next_seed = seed.wrapping_add(1);
        report.ran_millis = ran_before.saturating_add(millis(core_time().saturating_sub(taken)));
        if let Some(file) = &file {
            file.write(&report)?;
        }
        tell(&report, report.found.get(known..).unwrap_or_default());
        if stands_still {
            break;
        }
    }
    Ok(report)
}

/// The world of a seed, and now and then some cuts; whether any of it stands still.
fn play(settings: &Settings, report: &mut LongReport) -> bool {
    let seed = settings.seed;
    let played = run(settings, |_| {});
    let mut stands_still = played.stands_still;
    report.worlds += 1;
    report.simulated_millis = report.simulated_millis.saturating_add(millis(played.simulated));
    report.visits += played.visits;
    report.confirmed += played.confirmed;
    report.lives += played.lives;
    let version = report.version.clone();
    let found =
        |again: &str, what: String| Finding { version: version.clone(), again: again.to_owned(), what };
    report.found.extend(
        played.found.into_iter().map(|what| found(&format!("cargo xtask world {seed} --drawn"), what)),
    );
    if stands_still || !report.worlds.is_multiple_of(WORLDS) {
        return stands_still;
    }
    for settings in cuts_of(seed, STEP) {
        let cuts = cut(&settings, |_| {});
        stands_still |= cuts.stands_still;
        report.cuts += cuts.cuts;
        let again = format!("cargo xtask world {seed} --cuts {STEP}");
        let by = settings.failure;
        report.found.extend(cuts.found.into_iter().map(|what| found(&again, format!("{by:?}: {what}"))));
    }
    stands_still
}

/// How much time of a core this process has taken: what a run that shares the machine with others is worth.
fn core_time() -> Duration {
    let taken = clock_gettime(ClockId::ProcessCPUTime);
    let part = |part: i64| u64::try_from(part).unwrap_or(0);
    Duration::from_secs(part(taken.tv_sec)) + Duration::from_nanos(part(taken.tv_nsec))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usual;

    /// The first seed.
    const FIRST: u64 = usual::SHORT.start;

    #[test]
    fn a_run_goes_on_where_the_last_one_stopped_and_adds_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let record = folder.path().join("long.json");
        let settings = |version: &str| LongSettings {
            first: FIRST,
            within: Duration::from_millis(1),
            record: Some(record.clone()),
            version: version.to_owned(),
        };
        let mut told = Vec::new();
        let mut run = |version: &str| {
            run_kinds(&settings(version), usual::short, |report, found| {
                told.push((report.next_seed, found.len()));
            })
            .expect("a record")
        };
        let (one, both) = (run("v1"), run("v2"));
        assert_eq!((one.worlds, one.next_seed, one.version.as_str()), (1, FIRST + 1, "v1"));
        assert_eq!((both.worlds, both.next_seed, both.version.as_str()), (2, FIRST + 2, "v2"));
        assert!(one.visits > 30 && one.confirmed > 10 && one.lives > 1, "{one}");
        assert!(both.visits > one.visits && both.simulated_millis > one.simulated_millis, "{both}");
        assert!(both.ran_millis > one.ran_millis, "{both}");
        assert_eq!(RecordFile::at(&record).read().expect("a record"), Some(both.clone()));
        assert_eq!(told.iter().map(|(next, _)| *next).collect::<Vec<_>>(), [FIRST + 1, FIRST + 2]);
        assert_eq!(told.iter().map(|(_, found)| found).sum::<usize>(), both.found.len());
        assert_eq!(both.found, []);
    }

    #[test]
    fn nothing_is_run_where_the_record_is_something_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let record = folder.path().join("plan");
        std::fs::write(&record, "60000 20000 kill\n").expect("a file");
        let settings = LongSettings {
            first: FIRST,
            within: Duration::from_hours(1),
            record: Some(record.clone()),
            version: String::new(),
        };
        let why = run_long(&settings, |_, _| {}).expect_err("no record").to_string();
        assert!(why.contains("line 1"), "{why}");
        assert_eq!(std::fs::read_to_string(&record).expect("a file"), "60000 20000 kill\n");
    }
}
