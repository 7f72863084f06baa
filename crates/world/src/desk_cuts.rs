//! A desk's program ends at every operation of its file's disk, one after the other, by itself or with its machine's power.
//!
//! One person comes, confirms and is settled, and nothing else happens. That is played once whole, and counted; then it is played again
//! for each operation of the desk's disk, with an end there, and the program is opened on what is left: the file must open, what was
//! told must stand in it, and the clerk, who goes on or begins again, comes to an end all the same.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use yanmi_disk::MemoryDisk;

use crate::cast::Holder;
use crate::chance::Chance;
use crate::cuts::{CutReport, CutSettings, PlayReport, prepared};
use crate::desk::{ACCOUNT, DeskVisit, WITH_AGENT};
use crate::driver::ALONE;
use crate::failure::DeskEnds;
use crate::life::Lives;
use crate::party;
use crate::paused::in_paused_time;
use crate::world::World;

/// What is settled, in fen.
const AMOUNT: i64 = 12_300;
/// Of a thousand ends so many are followed by another one soon after the program was opened again.
const AGAIN_PERMILLE: u64 = 300;
/// Within so many operations of that opening.
const AGAIN_WITHIN: u64 = 40;

/// Ends the program of a clerk, with the library within it or beside the agent, at the operations of these settings.
///
/// # Panics
/// When the center's database cannot be made.
pub fn cut_desk(settings: &CutSettings, tell: impl Fn(u64)) -> CutReport {
    let disk = prepared(settings.seed);
    let (mut report, chance) = (CutReport::default(), Chance::new(settings.seed));
    for institution in [0, WITH_AGENT] {
        let whole = played(*settings, &disk, institution, VecDeque::new());
        report.operations += whole.operations;
        report.found.extend(
            whole.found.into_iter().map(|what| format!("desk {institution}, without an end: {what}")),
        );
        for at in (1..=whole.operations).filter(|at| at % settings.step == settings.first % settings.step) {
            let mut chance = chance.fork("desk", at);
            let again = chance.permille(AGAIN_PERMILLE).then(|| 1 + chance.below(AGAIN_WITHIN));
            let played = played(*settings, &disk, institution, [at].into_iter().chain(again).collect());
            let found = |what| format!("desk {institution}, ended at {at}, then {again:?}: {what}");
            report.found.extend(played.found.into_iter().map(found));
            report.cuts += 1;
            report.twice += u64::from(again.is_some());
            report.stands_still |= played.stands_still;
            tell(report.cuts);
            if report.stands_still {
                return report;
            }
        }
    }
    report
}

fn played(settings: CutSettings, disk: &MemoryDisk, institution: usize, at: VecDeque<u64>) -> PlayReport {
    let disk = disk.after_kill();
    let ends = DeskEnds { failure: settings.failure, at };
    in_paused_time(move || async move { play(settings.seed, disk, institution, ends).await })
        .unwrap_or_else(PlayReport::at)
}

/// One visit at the desk of an institution, whose program ends there.
async fn play(seed: u64, disk: MemoryDisk, institution: usize, ends: DeskEnds) -> PlayReport {
    let world = Arc::new(World::of_ending_desks(seed, ends));
    world.calm_down();
    party::start(&world);
    let lives = Lives::new(&world);
    let life = lives.start(ALONE, disk).await.expect("a center");
    let token = world.show(Holder { person: 0, app: 0 }, 1);
    let key = (token, world.cast.accounts[usize::from(ACCOUNT)].institutions[institution]);
    DeskVisit::new(&world, (1, 0), institution, key).play_here(AMOUNT, &mut Chance::new(seed)).await;
    let operations = world.desks.get(institution).map_or(0, |open| open.disk.operations());
    lives.stop(life).await;
    let mut oracle = world.oracle();
    if oracle.confirmed == 0 {
        oracle.found("who confirmed is not settled".to_owned());
    }
    PlayReport { operations, kinds: BTreeSet::new(), found: oracle.all_found().to_vec(), stands_still: false }
}
