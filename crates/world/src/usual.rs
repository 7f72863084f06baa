//! The worlds every run of the tests goes through.

use std::time::Duration;

use crate::cuts::CutSettings;
use crate::failure::Failure;
use crate::fault::Plan;
use crate::long::settings_of;
use crate::run::{Faults, Settings};

/// Seeds at which a long run once found something, each with what: their worlds are run first, for ever. None so far.
pub const KEPT_SEEDS: &[u64] = &[];

/// Seeds of worlds in which everything goes wrong, and how many persons there are: in one of them so few that they are asked too
/// often.
const WRONG: [(u64, u32); 3] = [(8, 200), (14, 12), (15, 200)];

/// A world of so many minutes, with somebody every ten seconds.
pub fn dense(seed: u64, minutes: u64, faults: Faults) -> Settings {
    Settings {
        seed,
        length: Duration::from_mins(minutes),
        gap: Duration::from_secs(10),
        persons: 200,
        centers: 1,
        faults,
    }
}

/// Somebody every three seconds, and nothing goes wrong.
pub fn calm() -> Settings {
    Settings { gap: Duration::from_secs(3), persons: 400, ..dense(1, 20, Faults::None) }
}

/// Long enough, with clocks that are right, for somebody to ask again when a confirmation is over.
pub fn patient() -> Settings {
    Settings { gap: Duration::from_secs(12), ..dense(7, 80, Faults::None) }
}

/// An evening and a night, with some restarts.
pub fn sparse() -> Settings {
    let (length, gap) = (Duration::from_hours(9), Duration::from_mins(4));
    Settings { length, gap, ..dense(2, 0, Faults::Drawn(Duration::from_mins(30))) }
}

/// Half an hour in which everything goes wrong.
pub fn wrong() -> [Settings; 3] {
    WRONG.map(|(seed, persons)| Settings {
        persons,
        ..dense(seed, 30, Faults::Drawn(Duration::from_secs(45)))
    })
}

/// A few minutes in which much happens.
pub fn short(seed: u64) -> Settings {
    let (gap, faults) = (Duration::from_secs(6), Faults::Drawn(Duration::from_secs(40)));
    Settings { gap, persons: 40, ..dense(seed, 6, faults) }
}

/// The seeds of those.
pub const SHORT: std::ops::Range<u64> = 100..110;

/// Three centers that share a database, and much goes wrong with them, with its server, and with everything around.
pub fn several(seed: u64) -> Settings {
    Settings { centers: 3, faults: Faults::Drawn(Duration::from_secs(15)), ..short(seed) }
}

/// The seeds of those.
pub const SEVERAL: std::ops::Range<u64> = 200..204;

/// The same, and nothing goes wrong.
pub fn several_calm() -> Settings {
    Settings { centers: 3, gap: Duration::from_secs(3), ..dense(1, 8, Faults::None) }
}

/// Three centers whose commits break, again and again, and nobody hears whether they were done.
///
/// # Panics
/// When the plan here is none, which is a mistake here.
pub fn breaking() -> Settings {
    let plan = Plan::read("10000 90000 server breaking").expect("a plan");
    Settings { centers: 3, gap: Duration::from_secs(3), persons: 80, ..dense(200, 3, Faults::Planned(plan)) }
}

/// Those in which something was found once.
pub fn kept() -> impl Iterator<Item = Settings> {
    // Who confirmed between two requests of one notice was not believed: the first was delivered, its answer lost.
    let faults = Faults::Drawn(Duration::from_secs(30));
    let unheard = Settings { gap: Duration::from_secs(4), ..dense(210, 10, faults) };
    std::iter::once(unheard).chain(KEPT_SEEDS.iter().copied().map(settings_of))
}

/// All of them, the quickest first, and then what was found once.
pub fn all() -> impl Iterator<Item = Settings> {
    let of_several = SEVERAL.map(several).chain([several_calm(), breaking()]);
    SHORT
        .map(short)
        .chain(kept())
        .chain([patient()])
        .chain(of_several)
        .chain(wrong())
        .chain([calm(), sparse()])
}

/// The cuts: every ninth operation, by either failure.
pub fn cuts() -> impl Iterator<Item = CutSettings> {
    let settings = |(failure, first)| CutSettings { seed: 1, step: 9, first, failure, lying: false };
    [(Failure::Power, 4), (Failure::Process, 8)].into_iter().map(settings)
}
